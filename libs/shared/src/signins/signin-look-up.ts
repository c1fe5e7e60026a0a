import type { KeyObject } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { SigninEntry, signinBucket, signinKey } from '@webxterm/contracts/bus';
import { openBucket } from '../bus/kv-view.ts';
import { openEntry, type SignedEntry, storedEntry } from './signed-entry.ts';

/** An entry of a sign-in whose signature is verified. */
export interface VerifiedSignin {
  readonly signed: SignedEntry;
  readonly entry: SigninEntry;
}

/** Look-ups at a time. More than this are caused by tokens of ended sign-ins, not by recent sign-ins. */
const maxAtOnce = 64;
const timeoutMs = 1500;

/** Reads single sign-ins from the bucket, for those that are too recent to have arrived by the watch. */
export class SigninLookUp {
  readonly #bus: NatsConnection;
  readonly #keys: readonly KeyObject[];
  #running = 0;

  constructor(bus: NatsConnection, keys: readonly KeyObject[]) {
    this.#bus = bus;
    this.#keys = keys;
  }

  /**
   * The entry of a sid hash, or undefined if there is none that auth has signed.
   * @throws Error if NATS does not answer within 1.5 s, or 64 look-ups are running
   */
  async read(sidHash: string): Promise<VerifiedSignin | undefined> {
    if (this.#running >= maxAtOnce) throw new Error(`${maxAtOnce} sign-ins are being looked up`);
    this.#running += 1;
    try {
      const kv = await openBucket(this.#bus, signinBucket, timeoutMs);
      const found = await kv.get(signinKey(sidHash));
      if (found === null || found.operation !== 'PUT') return undefined;
      const signed = openEntry(this.#keys, storedEntry(found));
      const entry = SigninEntry.safeParse(signed?.value).data;
      return signed === undefined || entry === undefined ? undefined : { signed, entry };
    } finally {
      this.#running -= 1;
    }
  }
}
