import type { KeyObject } from 'node:crypto';
import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { signinBucket } from '@webxterm/contracts/bus';
import { type EntrySigner, openEntry, type SignedEntry, storedEntry } from '@webxterm/shared/bus';

/** How long one call to the bucket may take: a request waits for it. */
const timeoutMs = 2000;
/** How long the mark of a deletion stays: far longer than any rebuild of the list takes. */
const deletionSeconds = 3600;
const subjectPrefix = `$KV.${signinBucket}.`;

/** JetStream's codes for: somebody else has written meanwhile. */
const wrongLastSequence = new Set([10_071, 10_164]);

/** An entry with the revision that a later write can insist on. Revision 0: there was never one. */
export interface ListedEntry {
  readonly revision: number;
  /** Undefined: nothing stands there that auth signed for this key, at the time when it was stored. */
  readonly signed: SignedEntry | undefined;
}

export interface WriteOptions {
  /** The write fails when the revision is another by now. */
  readonly expected?: number;
  /** It goes by itself then. */
  readonly lifeSeconds?: number;
}

/** The bucket of the allow-list, with writes that are signed, and that fail rather than overwrite what somebody else has written. */
export class ListBucket {
  readonly #bus: NatsConnection;
  readonly #signer: EntrySigner;
  readonly #keys: readonly KeyObject[];
  #kv: Promise<KV> | undefined;

  constructor(bus: NatsConnection, signer: EntrySigner, keys: readonly KeyObject[]) {
    this.#bus = bus;
    this.#signer = signer;
    this.#keys = keys;
  }

  async read(key: string): Promise<ListedEntry> {
    this.#kv ??= new Kvm(jetstream(this.#bus, { timeout: timeoutMs })).open(signinBucket);
    try {
      const entry = await (await this.#kv).get(key);
      if (entry === null) return { revision: 0, signed: undefined };
      const signed = entry.operation === 'PUT' ? openEntry(this.#keys, storedEntry(entry)) : undefined;
      return { revision: entry.revision, signed };
    } catch (error) {
      this.#kv = undefined;
      throw error;
    }
  }

  /** The keys under which something stands that begin so, whoever put it there. */
  async keys(prefix: string): Promise<Set<string>> {
    const manager = await jetstreamManager(this.#bus, { timeout: timeoutMs, checkAPI: false });
    const filter = `${subjectPrefix}${prefix}>`;
    const { state } = await manager.streams.info(`KV_${signinBucket}`, { subjects_filter: filter });
    return new Set(Object.keys(state.subjects ?? {}).map((subject) => subject.slice(subjectPrefix.length)));
  }

  /** Acked when it returns. `at`: as of when readers take it, ms since 1970. @returns false when the revision is another by now */
  write(key: string, value: unknown, at: number, { expected, lifeSeconds }: WriteOptions = {}): Promise<boolean> {
    return this.#publish(key, this.#signer.sign(key, at, value), {
      ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }),
      ...(lifeSeconds === undefined ? {} : { ttl: `${lifeSeconds}s` }),
    });
  }

  /** Says that a sign-in ended; goes by itself in an hour. @returns false when the revision is another by now */
  end(key: string, at: number, expected: number): Promise<boolean> {
    return this.write(key, null, at, { expected, lifeSeconds: deletionSeconds });
  }

  /** Takes away what is no entry of the list. */
  async remove(key: string): Promise<void> {
    const marked = headers();
    marked.set('KV-Operation', 'DEL');
    await this.#publish(key, '', { headers: marked, ttl: `${deletionSeconds}s` });
  }

  async #publish(
    key: string,
    payload: string,
    options: NonNullable<Parameters<ReturnType<typeof jetstream>['publish']>[2]>,
  ): Promise<boolean> {
    try {
      await jetstream(this.#bus, { timeout: timeoutMs }).publish(`${subjectPrefix}${key}`, payload, options);
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError && wrongLastSequence.has(error.code)) return false;
      throw error;
    }
  }
}
