import type { KeyObject } from 'node:crypto';
import type { KvEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  SigninBeat,
  SigninEntry,
  SigninEpoch,
  signinBeatKey,
  signinBucket,
  signinDetachAfterMs,
  signinEpochKey,
  signinKey,
  signinStaleAfterMs,
} from '@webxterm/contracts/bus';
import { KvView, openBucket } from '../bus/kv-view.ts';
import type { ClockWatch } from '../clock/clock-watch.ts';
import { clocksDiffer } from '../clock/clocks-differ.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import { hashSid } from '../tokens/access-token.ts';
import { NewestSeen } from './newest-seen.ts';
import {
  isSigned,
  openEntry,
  readEntry,
  type SignedEntry,
  type StoredEntry,
  signerAheadMs,
  storedEntry,
} from './signed-entry.ts';

/** Told when a sign-in stops to count (ended, disabled) or its role changed. Undefined entry: it ended. */
export type SigninListener = (sidHash: string, entry: SigninEntry | undefined) => void;

export interface AllowListOptions {
  readonly bus: NatsConnection;
  /** Whose signatures count: auth's. */
  readonly keys: readonly KeyObject[];
  readonly logger: Logger;
  readonly now?: () => number;
  /** Knows by how much the clocks differ: what auth writes counts for nothing when they differ by too much. */
  readonly clock?: Pick<ClockWatch, 'fault' | 'noteAuth'>;
  /** Told of a key of the bucket under which something stands that is not auth's, or under which auth's was taken away. */
  readonly onForeign?: (key: string) => void;
  /** Told with false while the list cannot be read. */
  readonly onCurrent?: (current: boolean) => void;
}

/** An entry of a sign-in. Its signature is looked at when it is first needed: 50,000 of them would take many seconds. */
interface Held {
  readonly signed: SignedEntry;
  /** Undefined: not looked at yet. */
  entry: SigninEntry | undefined;
}

const entryPrefix = signinKey('');
/** More at once is somebody's ended tokens, not sign-ins of a moment ago. */
const maxLookUps = 64;
const lookUpTimeoutMs = 1500;
const logEveryMs = 10_000;

/**
 * The sign-ins that count, in memory. A token is good only while its sign-in stands here: a leaked signing key mints
 * nothing, and a lost list closes the door instead of opening it. Only what auth has signed counts, and of that the newest; whatever
 * else comes to stand in the bucket, the last that counted is kept.
 */
export class AllowList {
  readonly #options: AllowListOptions;
  readonly #now: () => number;
  readonly #view: KvView;
  readonly #held = new Map<string, Held>();
  readonly #newest: NewestSeen;
  readonly #listeners = new Set<SigninListener>();
  #epoch: { readonly id: string; readonly at: number } | undefined;
  #caughtUp = false;
  #lookUps = 0;
  #lastBeatAt = Number.NEGATIVE_INFINITY;
  #loggedAt = Number.NEGATIVE_INFINITY;
  /** Those that were known before the list is read anew. */
  #before = new Map<string, Held & { entry: SigninEntry }>();
  readonly #complete: Promise<void>;
  #resolveComplete: () => void = () => {};

  constructor(options: AllowListOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#newest = new NewestSeen(this.#now);
    this.#complete = new Promise((resolve) => {
      this.#resolveComplete = resolve;
    });
    this.#view = new KvView({
      bus: options.bus,
      bucket: signinBucket,
      logger: options.logger,
      apply: (entry) => this.#apply(entry),
      reset: () => this.#reset(),
      caughtUp: () => this.#settle(),
      ...(options.onCurrent === undefined ? {} : { onCurrent: options.onCurrent }),
    });
  }

  start(): void {
    this.#view.start();
  }

  stop(): void {
    this.#view.stop();
  }

  /** Resolves once the list was complete for the first time: a part of ready. */
  complete(): Promise<void> {
    return this.#complete;
  }

  /** No beat for 90 s: the list may be old, so REST and new attaches answer 503. */
  isStale(): boolean {
    return !this.#usable() || this.#now() - this.#lastBeatAt > signinStaleAfterMs;
  }

  /** No beat for 15 min: open terminals are detached. */
  isTooOldForOpenTerminals(): boolean {
    return this.#now() - this.#lastBeatAt > signinDetachAfterMs;
  }

  /**
   * The sign-in behind a sid.
   * @throws AppError unauthenticated when it does not count; unavailable when the list may be old
   */
  require(sid: string): SigninEntry {
    if (this.isStale()) throw this.#uncheckable();
    const entry = this.peek(hashSid(sid));
    if (entry === undefined) throw new AppError('unauthenticated');
    if (entry.disabled) throw new AppError('unauthenticated', 'This account is disabled.');
    return entry;
  }

  /**
   * The same, also for a sign-in that was made a moment ago and has not been told here yet: what is not known is looked up.
   * @throws AppError as `require`
   */
  async find(sid: string): Promise<SigninEntry> {
    const sidHash = hashSid(sid);
    if (!this.isStale() && this.peek(sidHash) === undefined) await this.#lookUp(sidHash);
    return this.require(sid);
  }

  /** The entry by the SHA-256 of its sid, if it counts by signature, epoch and time. */
  peek(sidHash: string): SigninEntry | undefined {
    const held = this.#checked(sidHash);
    return held !== undefined && this.#counts(held.signed.at, held.entry) ? held.entry : undefined;
  }

  /** The SHA-256 of every sid that has an entry here, whether it counts or not. */
  sidHashes(): Iterable<string> {
    return this.#held.keys();
  }

  /** When the newest was signed that was seen under a key of the bucket, ms since 1970; 0: none, or one of long ago. */
  newestAt(key: string): number {
    const held = key.startsWith(entryPrefix) ? this.#checked(key.slice(entryPrefix.length)) : undefined;
    return Math.max(this.#newest.get(key), held?.signed.at ?? 0);
  }

  /** @returns a function that ends the listening */
  onChange(listener: SigninListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws AppError unavailable when it cannot be said whether there is such a sign-in */
  async #lookUp(sidHash: string): Promise<void> {
    if (this.#lookUps >= maxLookUps) throw this.#uncheckable();
    this.#lookUps += 1;
    try {
      const kv = await openBucket(this.#options.bus, signinBucket, lookUpTimeoutMs);
      const found = await kv.get(signinKey(sidHash));
      if (found === null || found.operation !== 'PUT') return;
      const signed = openEntry(this.#options.keys, storedEntry(found));
      const entry = SigninEntry.safeParse(signed?.value).data;
      // What the watch has told since counts more than what was read before.
      if (signed === undefined || entry === undefined || signed.at < this.newestAt(found.key)) return;
      // The list is being rebuilt and this instance has not heard of it yet.
      if (!this.#isOfThisList(signed.at, entry)) throw this.#uncheckable();
      this.#held.set(sidHash, { signed, entry });
    } catch (error) {
      throw error instanceof AppError ? error : this.#uncheckable(error);
    } finally {
      this.#lookUps -= 1;
    }
  }

  #uncheckable(cause?: unknown): AppError {
    if (this.#options.clock?.fault !== undefined) return clocksDiffer(cause);
    return new AppError('unavailable', 'Sign-ins cannot be checked right now. Try again shortly.', { cause });
  }

  #usable(): boolean {
    return this.#epoch !== undefined && this.#caughtUp;
  }

  #counts(at: number, entry: SigninEntry): boolean {
    return this.#isOfThisList(at, entry) && entry.exp * 1000 > this.#now();
  }

  /** Of another epoch is what a rebuilt list left behind, unless it is younger: then that list is still being written. */
  #isOfThisList(at: number, entry: SigninEntry): boolean {
    return this.#epoch !== undefined && (entry.epoch === this.#epoch.id || at > this.#epoch.at);
  }

  #checked(sidHash: string): (Held & { entry: SigninEntry }) | undefined {
    const held = this.#held.get(sidHash);
    if (held === undefined) return undefined;
    const { signed } = held;
    const key = signinKey(sidHash);
    if (held.entry === undefined && isSigned(this.#options.keys, key, signed))
      held.entry = SigninEntry.safeParse(signed.value).data;
    if (held.entry !== undefined) return { signed, entry: held.entry };
    this.#held.delete(sidHash);
    this.#refuse(key);
    return undefined;
  }

  #reset(): void {
    // What stood here until now is kept aside: whoever is missing after the re-read has lost the sign-in meanwhile.
    for (const [sidHash, { signed, entry }] of this.#held) {
      if (entry === undefined) continue;
      this.#newest.note(signinKey(sidHash), signed.at);
      this.#before.set(sidHash, { signed, entry });
    }
    this.#held.clear();
    this.#caughtUp = false;
    this.#epoch = undefined;
  }

  // A bucket without an epoch (NATS lost its volume) is being rebuilt: it says nothing yet of who is signed in, so nobody is told
  // that a sign-in ended before the epoch says that the list is complete.
  #settle(): void {
    this.#caughtUp = true;
    if (!this.#usable()) return;
    for (const [sidHash, { entry: was }] of this.#before) {
      const now = this.peek(sidHash);
      if (now?.role !== was.role || now.disabled !== was.disabled) this.#tell(sidHash, now);
    }
    this.#before = new Map();
    this.#resolveComplete();
  }

  #apply(entry: KvEntry): void {
    if (entry.operation !== 'PUT') this.#removed(entry.key);
    else if (entry.key === signinBeatKey) this.#beat(storedEntry(entry));
    else if (entry.key === signinEpochKey) this.#changeEpoch(storedEntry(entry));
    else if (entry.key.startsWith(entryPrefix)) this.#applyEntry(storedEntry(entry));
    else this.#options.onForeign?.(entry.key);
  }

  #applyEntry(stored: StoredEntry): void {
    const sidHash = stored.key.slice(entryPrefix.length);
    const signed = readEntry(stored);
    if (signed === undefined || signed.at < this.newestAt(stored.key)) return void this.#refuse(stored.key);
    if (signed.value !== null && !this.#caughtUp) {
      const before = this.#before.get(sidHash);
      this.#held.set(sidHash, { signed, entry: before?.signed.text === signed.text ? before.entry : undefined });
      return;
    }
    const entry = SigninEntry.safeParse(signed.value).data;
    if (!isSigned(this.#options.keys, stored.key, signed) || (entry === undefined && signed.value !== null)) {
      this.#refuse(stored.key);
      return;
    }
    this.#newest.note(stored.key, signed.at);
    if (entry === undefined) this.#held.delete(sidHash);
    else this.#held.set(sidHash, { signed, entry });
    if (this.#usable()) this.#tell(sidHash, this.peek(sidHash));
  }

  /** The server takes away what has run out. Anything else stays until auth says that it ended. */
  #removed(key: string): void {
    if (!this.#caughtUp) return;
    const sidHash = key.slice(entryPrefix.length);
    const held = key.startsWith(entryPrefix) ? this.#checked(sidHash) : undefined;
    if (held !== undefined && held.entry.exp * 1000 <= this.#now()) this.#held.delete(sidHash);
    else if (held !== undefined || key === signinEpochKey) this.#refuse(key);
  }

  #beat(stored: StoredEntry): void {
    const { keys, clock } = this.#options;
    const aheadMs = signerAheadMs(keys, stored);
    if (aheadMs === undefined) return;
    clock?.noteAuth(aheadMs);
    const signed = readEntry(stored);
    const beat = SigninBeat.safeParse(signed?.value).data;
    // The beat's own time counts, not its arrival: an old one read after a reconnect proves nothing.
    if (beat !== undefined) this.#lastBeatAt = Math.max(this.#lastBeatAt, Math.min(Date.parse(beat.at), this.#now()));
    this.#newest.forget();
  }

  #changeEpoch(stored: StoredEntry): void {
    const signed = openEntry(this.#options.keys, stored);
    const epoch = SigninEpoch.safeParse(signed?.value).data;
    if (signed === undefined || epoch === undefined || signed.at < this.#newest.get(stored.key)) {
      this.#refuse(stored.key);
      return;
    }
    this.#newest.note(stored.key, signed.at);
    for (const [sidHash, { signed: own, entry }] of this.#held)
      if (entry !== undefined && this.#isOfThisList(own.at, entry)) this.#before.set(sidHash, { signed: own, entry });
    this.#epoch = { id: epoch.epoch, at: signed.at };
    if (this.#caughtUp) this.#settle();
  }

  #refuse(key: string): void {
    // Auth's own entries fail by their time then, and the clock is in the log already.
    const isByClock = this.#options.clock?.fault !== undefined;
    if (!isByClock && this.#now() - this.#loggedAt > logEveryMs) {
      this.#loggedAt = this.#now();
      this.#options.logger.error({ key }, 'an entry of the allow-list is not what auth signed last, or was taken away');
    }
    this.#options.onForeign?.(key);
  }

  #tell(sidHash: string, entry: SigninEntry | undefined): void {
    for (const listener of this.#listeners) listener(sidHash, entry);
  }
}
