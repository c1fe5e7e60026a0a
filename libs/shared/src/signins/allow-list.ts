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
import { KvView } from '../bus/kv-view.ts';
import type { ClockWatch } from '../clock/clock-watch.ts';
import { clocksDiffer } from '../clock/clocks-differ.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import { hashSid } from '../tokens/access-token.ts';
import { EnrolmentRule } from './enrolment-rule.ts';
import { HeldSignins } from './held-signins.ts';
import { NewestSeen } from './newest-seen.ts';
import { isSigned, openEntry, readEntry, type StoredEntry, signerAheadMs, storedEntry } from './signed-entry.ts';
import { SigninLookUp, type VerifiedSignin } from './signin-look-up.ts';

/** Called when a sign-in ends, is disabled, changes its role or must set up a second factor (`mustEnrol`). Undefined entry: it ended. */
export type SigninListener = (sidHash: string, entry: SigninEntry | undefined) => void;

export interface SigninUse {
  /** Accepts a user who must set up a second factor first. */
  readonly enrolling?: boolean;
}

export interface AllowListOptions {
  readonly bus: NatsConnection;
  /** The public keys of auth. Only entries signed by one of them count. */
  readonly keys: readonly KeyObject[];
  readonly logger: Logger;
  readonly now?: () => number;
  /** Reports whether the clocks differ too much. In that case no entry of auth counts. */
  readonly clock?: Pick<ClockWatch, 'fault' | 'noteAuth'>;
  /** Called with a key of the bucket that holds an entry not signed by auth, or whose entry of auth was deleted. */
  readonly onForeign?: (key: string) => void;
  /** Called with false while the list cannot be read. */
  readonly onCurrent?: (current: boolean) => void;
}

const entryPrefix = signinKey('');
const logEveryMs = 10_000;
/** How often expired entries are looked for, in ms. */
const expireEveryMs = 1000;

/**
 * The valid sign-ins, in memory. A token is valid only while its sign-in is on this list. So a leaked signing key cannot create valid
 * tokens, and without the list access is denied. Only entries signed by auth count, and of these the newest for each key. If any other
 * entry appears in the bucket, the last valid one stays in use.
 */
export class AllowList {
  readonly #options: AllowListOptions;
  readonly #now: () => number;
  readonly #view: KvView;
  readonly #held: HeldSignins;
  readonly #newest: NewestSeen;
  readonly #listeners = new Set<SigninListener>();
  readonly #enrolment = new EnrolmentRule();
  #epoch: { readonly id: string; readonly at: number } | undefined;
  #caughtUp = false;
  readonly #lookUps: SigninLookUp;
  #lastBeatAt = Number.NEGATIVE_INFINITY;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #expiring: NodeJS.Timeout | undefined;
  /** The entries that were known before the list is read again. */
  #before = new Map<string, VerifiedSignin>();
  readonly #complete: Promise<void>;
  #resolveComplete: () => void = () => {};

  constructor(options: AllowListOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#held = new HeldSignins(options.keys, (key) => this.#refuse(key));
    this.#newest = new NewestSeen(this.#now);
    this.#lookUps = new SigninLookUp(options.bus, options.keys);
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
    this.#expiring = setInterval(() => this.#expire(), expireEveryMs);
  }

  stop(): void {
    clearInterval(this.#expiring);
    this.#view.stop();
  }

  /** Resolves once the list has been complete for the first time, which ready requires. */
  complete(): Promise<void> {
    return this.#complete;
  }

  /** Whether no beat has arrived for 90 s. The list may be outdated then, so REST requests and new attaches answer 503. */
  isStale(): boolean {
    return !this.#usable() || this.#now() - this.#lastBeatAt > signinStaleAfterMs;
  }

  /** Whether no beat has arrived for 15 min. Open terminals are detached then. */
  isTooOldForOpenTerminals(): boolean {
    return this.#now() - this.#lastBeatAt > signinDetachAfterMs;
  }

  /** Whether the user of a sign-in or token may only set up a second factor. */
  mustEnrol(entry: SigninEntry): boolean {
    return this.#enrolment.binds(entry, this.#now());
  }

  /**
   * The sign-in of a sid. `enrolling`: for the routes that set up a second factor.
   * @throws AppError unauthenticated when it is not valid; second_factor_enrolment_required; unavailable when the list may be outdated
   */
  require(sid: string, use: SigninUse = {}): SigninEntry {
    return this.#require(hashSid(sid), use);
  }

  #require(sidHash: string, { enrolling = false }: SigninUse): SigninEntry {
    if (this.isStale()) throw this.#uncheckable();
    const entry = this.peek(sidHash);
    if (entry === undefined) throw new AppError('unauthenticated');
    if (entry.disabled) throw new AppError('unauthenticated', 'This account is disabled.');
    if (!enrolling && this.mustEnrol(entry)) throw new AppError('second_factor_enrolment_required');
    return entry;
  }

  /**
   * The same as `require`, but looks up an unknown sign-in in the bucket, because a recent one may not have arrived here yet.
   * @throws AppError as `require`
   */
  find(sid: string, use: SigninUse = {}): Promise<SigninEntry> {
    return this.findHashed(hashSid(sid), use);
  }

  /** The same as `find`, by the SHA-256 of the sid. */
  async findHashed(sidHash: string, use: SigninUse = {}): Promise<SigninEntry> {
    if (!this.isStale() && this.peek(sidHash) === undefined) await this.#lookUp(sidHash);
    return this.#require(sidHash, use);
  }

  /** The entry of a sid hash (SHA-256) if its signature, epoch and expiry are valid. */
  peek(sidHash: string): SigninEntry | undefined {
    const held = this.#held.verified(sidHash);
    return held !== undefined && this.#counts(held.signed.at, held.entry) ? held.entry : undefined;
  }

  /** The SHA-256 of every sid that has an entry here, valid or not. */
  sidHashes(): Iterable<string> {
    return this.#held.sidHashes();
  }

  /** The signing time of the newest entry seen for a key of the bucket, in ms since 1970. 0: none, or only one from long ago. */
  newestAt(key: string): number {
    const held = key.startsWith(entryPrefix) ? this.#held.verified(key.slice(entryPrefix.length)) : undefined;
    return Math.max(this.#newest.get(key), held?.signed.at ?? 0);
  }

  /** @returns a function that removes the listener */
  onChange(listener: SigninListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws AppError unavailable when the sign-in cannot be looked up */
  async #lookUp(sidHash: string): Promise<void> {
    const found = await this.#lookUps.read(sidHash).catch((error: unknown) => {
      throw this.#uncheckable(error);
    });
    // A newer entry from the watch has precedence over the one read here.
    if (found === undefined || found.signed.at < this.newestAt(signinKey(sidHash))) return;
    // The list is being rebuilt, and this instance has not received the new epoch yet.
    if (!this.#isOfThisList(found.signed.at, found.entry)) throw this.#uncheckable();
    this.#held.set(sidHash, found.signed, found.entry);
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

  /** An entry of another epoch remains from before a rebuild, unless it is newer than the epoch: then the rebuild is in progress. */
  #isOfThisList(at: number, entry: SigninEntry): boolean {
    return this.#epoch !== undefined && (entry.epoch === this.#epoch.id || at > this.#epoch.at);
  }

  #reset(): void {
    // Keeps the current entries. A sign-in that is missing after the re-read has ended in the meantime.
    for (const [sidHash, held] of this.#held.used()) {
      this.#newest.note(signinKey(sidHash), held.signed.at);
      this.#before.set(sidHash, held);
    }
    this.#held.clear();
    this.#caughtUp = false;
    this.#epoch = undefined;
  }

  // A bucket without an epoch (NATS lost its volume) is being rebuilt and does not show yet which sign-ins are valid. So listeners are not
  // called before the epoch marks the list as complete.
  #settle(): void {
    this.#caughtUp = true;
    if (!this.#usable()) return;
    for (const [sidHash, { entry: was }] of this.#before) {
      const now = this.peek(sidHash);
      if (now?.role !== was.role || now.disabled !== was.disabled || this.mustEnrol(now)) this.#notify(sidHash, now);
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
      this.#held.set(sidHash, signed, before?.signed.text === signed.text ? before.entry : undefined);
      return;
    }
    const entry = SigninEntry.safeParse(signed.value).data;
    if (!isSigned(this.#options.keys, stored.key, signed) || (entry === undefined && signed.value !== null)) {
      this.#refuse(stored.key);
      return;
    }
    this.#newest.note(stored.key, signed.at);
    if (entry === undefined) this.#held.delete(sidHash);
    else this.#held.set(sidHash, signed, entry);
    if (this.#usable()) this.#notify(sidHash, this.peek(sidHash));
  }

  /** Ends the entries that have expired, also while NATS is unavailable. One that was never verified was never used. */
  #expire(): void {
    if (this.#enrolment.passed(this.#now())) this.#notifyEnrolment();
    for (const sidHash of this.#held.takeExpired(this.#now())) this.#notify(sidHash, undefined);
  }

  #notifyEnrolment(): void {
    for (const [sidHash, { entry }] of this.#held.used())
      if (this.mustEnrol(entry)) this.#notify(sidHash, this.peek(sidHash));
  }

  #end(sidHash: string): void {
    this.#held.delete(sidHash);
    this.#notify(sidHash, undefined);
  }

  /** The server deletes expired entries. Any other deleted entry stays in use until auth ends the sign-in. */
  #removed(key: string): void {
    if (!this.#caughtUp) return;
    const sidHash = key.slice(entryPrefix.length);
    const held = key.startsWith(entryPrefix) ? this.#held.verified(sidHash) : undefined;
    if (held !== undefined && held.entry.exp * 1000 <= this.#now()) this.#end(sidHash);
    else if (held !== undefined || key === signinEpochKey) this.#refuse(key);
  }

  #beat(stored: StoredEntry): void {
    const { keys, clock } = this.#options;
    const aheadMs = signerAheadMs(keys, stored);
    if (aheadMs === undefined) return;
    clock?.noteAuth(aheadMs);
    const signed = readEntry(stored);
    const beat = SigninBeat.safeParse(signed?.value).data;
    // Uses the beat's own time and not its arrival: an old beat that is read after a reconnect must not count as recent.
    if (beat !== undefined) this.#lastBeatAt = Math.max(this.#lastBeatAt, Math.min(Date.parse(beat.at), this.#now()));
    if (beat?.factors !== undefined && this.#enrolment.take(beat.factors, this.#now())) this.#notifyEnrolment();
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
    for (const [sidHash, held] of this.#held.used())
      if (this.#isOfThisList(held.signed.at, held.entry)) this.#before.set(sidHash, held);
    this.#epoch = { id: epoch.epoch, at: signed.at };
    if (this.#caughtUp) this.#settle();
  }

  #refuse(key: string): void {
    // With a wrong clock the entries of auth itself are rejected by their time, and the clock watch already logs that.
    const isByClock = this.#options.clock?.fault !== undefined;
    if (!isByClock && this.#now() - this.#loggedAt > logEveryMs) {
      this.#loggedAt = this.#now();
      this.#options.logger.error(
        { key },
        'an entry of the allow-list is not the latest one signed by auth, or was deleted',
      );
    }
    this.#options.onForeign?.(key);
  }

  #notify(sidHash: string, entry: SigninEntry | undefined): void {
    for (const listener of this.#listeners) listener(sidHash, entry);
  }
}
