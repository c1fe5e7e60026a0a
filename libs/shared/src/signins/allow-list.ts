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
import { entryValue, KvView, openBucket, parseEntry } from '../bus/kv-view.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import { hashSid } from '../tokens/access-token.ts';

/** Told when a sign-in stops to count (ended, disabled) or its role changed. Undefined entry: it ended. */
export type SigninListener = (sidHash: string, entry: SigninEntry | undefined) => void;

const entryPrefix = signinKey('');
/** More at once is somebody's ended tokens, not sign-ins of a moment ago. */
const maxLookUps = 64;
const lookUpTimeoutMs = 1500;

const uncheckable = (cause?: unknown): AppError =>
  new AppError('unavailable', 'Sign-ins cannot be checked right now. Try again shortly.', { cause });

/**
 * The sign-ins that count, in memory. A token is good only while its sign-in stands here: a leaked signing key mints
 * nothing, and a lost list closes the door instead of opening it.
 */
export class AllowList {
  readonly #bus: NatsConnection;
  readonly #now: () => number;
  readonly #logger: Logger;
  readonly #view: KvView;
  readonly #entries = new Map<string, SigninEntry>();
  readonly #listeners = new Set<SigninListener>();
  #epoch: string | undefined;
  #caughtUp = false;
  /** Of what the watch has told last. */
  #revision = 0;
  #lookUps = 0;
  #lastBeatAt = Number.NEGATIVE_INFINITY;
  #before = new Map<string, SigninEntry>();
  readonly #complete: Promise<void>;
  #resolveComplete: () => void = () => {};

  constructor(bus: NatsConnection, logger: Logger, now: () => number = Date.now) {
    this.#now = now;
    this.#bus = bus;
    this.#logger = logger;
    this.#complete = new Promise((resolve) => {
      this.#resolveComplete = resolve;
    });
    this.#view = new KvView({
      bus,
      bucket: signinBucket,
      logger,
      apply: (key, value, revision) => {
        this.#revision = revision;
        this.#apply(key, value);
      },
      reset: () => this.#reset(),
      caughtUp: () => this.#settle(),
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
    if (this.isStale()) throw uncheckable();
    const entry = this.peek(hashSid(sid));
    if (entry === undefined) throw new AppError('unauthenticated');
    if (entry.disabled) throw new AppError('unauthenticated', 'This account is disabled.');
    return entry;
  }

  /**
   * The sign-in behind a sid, also one that was made a moment ago and has not been told here yet: what is not known is looked up in the bucket.
   * @throws AppError unauthenticated when it does not count; unavailable when the list may be old
   */
  async find(sid: string): Promise<SigninEntry> {
    const sidHash = hashSid(sid);
    if (!this.isStale() && this.peek(sidHash) === undefined) await this.#lookUp(sidHash);
    return this.require(sid);
  }

  /** The entry by the SHA-256 of its sid, if it counts by epoch and time. */
  peek(sidHash: string): SigninEntry | undefined {
    const entry = this.#entries.get(sidHash);
    if (entry === undefined || entry.epoch !== this.#epoch || entry.exp * 1000 <= this.#now()) return undefined;
    return entry;
  }

  /** @returns a function that ends the listening */
  onChange(listener: SigninListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws AppError unavailable when it cannot be said whether there is such a sign-in */
  async #lookUp(sidHash: string): Promise<void> {
    if (this.#lookUps >= maxLookUps) throw uncheckable();
    this.#lookUps += 1;
    try {
      const kv = await openBucket(this.#bus, signinBucket, lookUpTimeoutMs);
      const found = await kv.get(signinKey(sidHash));
      if (found === null || found.operation !== 'PUT') return;
      const entry = parseEntry(SigninEntry, entryValue(found), found.key, this.#logger);
      // The list is being rebuilt and this instance has not heard of it yet.
      if (entry !== undefined && entry.epoch !== this.#epoch) throw uncheckable();
      // What the watch has told since counts more than what was read before.
      if (entry !== undefined && found.revision > this.#revision) this.#entries.set(sidHash, entry);
    } catch (error) {
      throw error instanceof AppError ? error : uncheckable(error);
    } finally {
      this.#lookUps -= 1;
    }
  }

  #usable(): boolean {
    return this.#epoch !== undefined && this.#caughtUp;
  }

  #reset(): void {
    // What stood here until now is kept aside: whoever is missing after the re-read has lost the sign-in meanwhile.
    for (const [key, entry] of this.#entries) this.#before.set(key, entry);
    this.#entries.clear();
    this.#caughtUp = false;
    this.#epoch = undefined;
    this.#revision = 0;
  }

  // A bucket without an epoch (NATS lost its volume) is being rebuilt: it says nothing yet of who is signed in, so nobody is told
  // that a sign-in ended before the epoch says that the list is complete.
  #settle(): void {
    this.#caughtUp = true;
    if (!this.#usable()) return;
    for (const [sidHash, was] of this.#before) {
      const now = this.peek(sidHash);
      if (now?.role !== was.role || now.disabled !== was.disabled) this.#tell(sidHash, now);
    }
    this.#before = new Map();
    this.#resolveComplete();
  }

  #apply(key: string, value: unknown): void {
    if (key === signinBeatKey) this.#beat(value);
    else if (key === signinEpochKey) this.#changeEpoch(value);
    else if (key.startsWith(entryPrefix)) this.#applyEntry(key, key.slice(entryPrefix.length), value);
  }

  #applyEntry(key: string, sidHash: string, value: unknown): void {
    const entry = parseEntry(SigninEntry, value, key, this.#logger);
    if (entry === undefined) this.#entries.delete(sidHash);
    else this.#entries.set(sidHash, entry);
    if (this.#usable()) this.#tell(sidHash, this.peek(sidHash));
  }

  #beat(value: unknown): void {
    const beat = parseEntry(SigninBeat, value, signinBeatKey, this.#logger);
    // The beat's own time counts, not its arrival: an old one read after a reconnect proves nothing.
    if (beat !== undefined) this.#lastBeatAt = Math.max(this.#lastBeatAt, Math.min(Date.parse(beat.at), this.#now()));
  }

  #changeEpoch(value: unknown): void {
    this.#epoch = parseEntry(SigninEpoch, value, signinEpochKey, this.#logger)?.epoch;
    for (const [sidHash, entry] of this.#entries) {
      if (entry.epoch === this.#epoch) continue;
      this.#entries.delete(sidHash);
      this.#before.set(sidHash, entry);
    }
    if (this.#caughtUp) this.#settle();
  }

  #tell(sidHash: string, entry: SigninEntry | undefined): void {
    for (const listener of this.#listeners) listener(sidHash, entry);
  }
}
