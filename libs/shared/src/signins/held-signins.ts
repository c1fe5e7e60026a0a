import type { KeyObject } from 'node:crypto';
import { SigninEntry, signinKey } from '@webxterm/contracts/bus';
import { isSigned, type SignedEntry } from './signed-entry.ts';
import type { VerifiedSignin } from './signin-look-up.ts';

interface Held {
  readonly signed: SignedEntry;
  /** Undefined: not verified yet. */
  entry: SigninEntry | undefined;
}

/**
 * The entries of sign-ins, by the SHA-256 of their sid. A signature is verified on first use, because verifying 50,000 of them takes many
 * seconds.
 */
export class HeldSignins {
  readonly #keys: readonly KeyObject[];
  /** Called with the key of an entry that auth has not signed. */
  readonly #onForged: (key: string) => void;
  readonly #held = new Map<string, Held>();
  /** No verified entry expires before this time, in ms since 1970. */
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(keys: readonly KeyObject[], onForged: (key: string) => void) {
    this.#keys = keys;
    this.#onForged = onForged;
  }

  /** The SHA-256 of every sid that has an entry here, valid or not. */
  sidHashes(): Iterable<string> {
    return this.#held.keys();
  }

  /** Verifies the entry if that was not done before. Removes one that auth has not signed. */
  verified(sidHash: string): VerifiedSignin | undefined {
    const held = this.#held.get(sidHash);
    if (held === undefined) return undefined;
    const { signed } = held;
    const key = signinKey(sidHash);
    if (held.entry === undefined && isSigned(this.#keys, key, signed))
      held.entry = SigninEntry.safeParse(signed.value).data;
    if (held.entry === undefined) {
      this.#held.delete(sidHash);
      this.#onForged(key);
      return undefined;
    }
    this.#expectExpiry(held.entry);
    return { signed, entry: held.entry };
  }

  /** The entries that have been verified so far. No other one was ever used. */
  *used(): Iterable<[string, VerifiedSignin]> {
    for (const [sidHash, { signed, entry }] of this.#held) if (entry !== undefined) yield [sidHash, { signed, entry }];
  }

  /** `entry`: the content of `signed`, if its signature has been verified. */
  set(sidHash: string, signed: SignedEntry, entry: SigninEntry | undefined): void {
    this.#held.set(sidHash, { signed, entry });
    if (entry !== undefined) this.#expectExpiry(entry);
  }

  delete(sidHash: string): void {
    this.#held.delete(sidHash);
  }

  clear(): void {
    this.#held.clear();
  }

  /** Removes the verified entries that have expired. @returns their keys here */
  takeExpired(now: number): string[] {
    if (now < this.#nextExpiry) return [];
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    const expired: string[] = [];
    for (const [sidHash, { entry }] of this.used())
      if (entry.exp * 1000 <= now) expired.push(sidHash);
      else this.#expectExpiry(entry);
    for (const sidHash of expired) this.#held.delete(sidHash);
    return expired;
  }

  #expectExpiry({ exp }: SigninEntry): void {
    this.#nextExpiry = Math.min(this.#nextExpiry, exp * 1000);
  }
}
