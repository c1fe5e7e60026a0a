import { type KeyObject, randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  type FactorRule,
  SigninBeat,
  SigninEpoch,
  signinBeatKey,
  signinEpochKey,
  signinKey,
} from '@webxterm/contracts/bus';
import { AppError, type Logger, reasonOf } from '@webxterm/shared';
import { type ClockWatch, declareStreams, type EntrySigner } from '@webxterm/shared/bus';
import { EntryRepair } from './entry-repair.ts';
import { ListBucket } from './list-bucket.ts';
import { ListEntries, type ListEntriesOptions } from './list-entries.ts';

export interface ListKeeperOptions extends Pick<ListEntriesOptions, 'signins' | 'users' | 'list'> {
  readonly bus: NatsConnection;
  /** Number of replicas for streams and buckets that are created again after NATS lost them. */
  readonly replicas: number;
  readonly signer: EntrySigner;
  /** The valid public keys: that of `signer`, and those of the earlier root keys. */
  readonly keys: readonly KeyObject[];
  readonly logger: Logger;
  readonly clock: Pick<ClockWatch, 'fault' | 'measure' | 'require'>;
  /** The policy of second factors, which each beat has. */
  readonly factorRule: () => FactorRule;
  /** Called after each beat with whether the list is up to date. */
  readonly onBeat?: (ok: boolean) => void;
  readonly now?: () => number;
}

/** The key with the epoch of a rebuild, so that concurrent rebuilds use the same epoch. */
const rebuildKey = 'rebuild';
const beatEveryMs = 1000;
/** The epoch is read again every this many beats. A different one means that the list was lost without a disconnect. */
const checkEveryBeats = 5;
const maxConflicts = 10;

/** Keeps the allow-list equal to the database, under an epoch, and sends beats. */
export class ListKeeper {
  readonly #options: ListKeeperOptions;
  readonly #bucket: ListBucket;
  readonly #entries: ListEntries;
  readonly #repair: EntryRepair;
  readonly #now: () => number;
  #epoch: string | undefined;
  #connected = true;
  /** Counts the losses of the connection. The result of a beat over an earlier connection is dropped. */
  #losses = 0;
  #beats = 0;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(options: ListKeeperOptions) {
    const { bus, signer, keys, signins, users, list, logger, now = Date.now } = options;
    this.#options = options;
    this.#now = now;
    this.#bucket = new ListBucket(bus, signer, keys);
    this.#entries = new ListEntries({ bucket: this.#bucket, signins, users, list, now });
    this.#repair = new EntryRepair({ bucket: this.#bucket, entries: this.#entries, list, logger, now });
  }

  /** Resolves once the list is complete, after a rebuild if it was lost. */
  async start(): Promise<void> {
    void this.#watchConnection();
    this.#timer = setInterval(() => void this.beat(), beatEveryMs);
    await this.beat();
    while (this.#epoch === undefined && !this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, beatEveryMs));
      await this.#working;
    }
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Whether the list accepts writes now. */
  get isUp(): boolean {
    return this.#connected && this.#epoch !== undefined;
  }

  /**
   * Makes the entry of a sign-in match the database.
   * @throws AppError unavailable when the list has not accepted it; the outbox retries it
   */
  async sync(sidHash: string): Promise<void> {
    await this.#guarded(signinKey(sidHash), (epoch) => this.#entries.align(sidHash, epoch));
  }

  /** Repairs a key with a foreign entry or a deleted one: writes it again and checks all other entries. */
  mend(key: string): void {
    if (key === rebuildKey) return;
    // The next beat checks whether the epoch still exists.
    if (key === signinEpochKey) this.#beats = checkEveryBeats - 1;
    else this.#repair.add(key);
    if (this.#epoch !== undefined && this.#connected) this.#repair.work(this.#epoch);
  }

  async #guarded(key: string, write: (epoch: string) => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < maxConflicts; attempt += 1) {
      const epoch = this.#epoch;
      this.#options.clock.require();
      if (epoch === undefined || !this.#connected) throw listAway();
      let done: boolean;
      try {
        done = await write(epoch);
      } catch (error) {
        throw error instanceof AppError ? error : listAway(error);
      }
      // An acknowledgement over another connection may come from a list with another epoch, which may have lost the marker of an end.
      if (this.#epoch !== epoch) {
        this.#repair.add(key);
        throw listAway();
      }
      if (done) return;
    }
    throw listAway();
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#options.bus.status()) {
      if (this.#stopped) return;
      if (status.type === 'disconnect') {
        this.#connected = false;
        this.#epoch = undefined;
        // A beat in flight may wait seconds for its time-outs. The one after the reconnect must not wait for it.
        this.#losses += 1;
        this.#working = undefined;
        this.#bucket.reopen();
      } else if (status.type === 'reconnect') {
        this.#connected = true;
        void this.beat();
      }
    }
  }

  /** Sends a beat now. Never rejects. */
  beat(): Promise<void> {
    const losses = this.#losses;
    this.#working ??= this.#beatOnce()
      .then(() => {
        if (this.#losses === losses) this.#options.onBeat?.(this.isUp);
      })
      .catch((error: unknown) => {
        if (this.#losses !== losses) return;
        this.#epoch = undefined;
        this.#options.onBeat?.(false);
        this.#options.logger.warn({ reason: reasonOf(error) }, 'the allow-list cannot be updated right now, retrying');
      })
      .finally(() => {
        if (this.#losses === losses) this.#working = undefined;
      });
    return this.#working;
  }

  async #beatOnce(): Promise<void> {
    if (!this.#connected || this.#stopped) return;
    const losses = this.#losses;
    this.#beats += 1;
    await this.#requireClock();
    if (this.#epoch === undefined || this.#beats % checkEveryBeats === 0) {
      const epoch = await this.#completeEpoch();
      if (this.#losses !== losses) return;
      // The bucket may have changed while it was not watched. Entries that this instance has written to a list that was rebuilt meanwhile
      // have the earlier epoch, and readers can accept them no more.
      if (epoch !== this.#epoch) this.#repair.lookAtAll();
      this.#epoch = epoch;
    }
    const at = this.#now();
    const beat = SigninBeat.parse({
      epoch: this.#epoch,
      at: new Date(at).toISOString(),
      factors: this.#options.factorRule(),
    });
    await this.#bucket.write(signinBeatKey, beat, at);
    if (this.#epoch !== undefined) this.#repair.work(this.#epoch);
  }

  /** While the clocks differ too much, readers accept no entry. The beat is still written, because its time shows readers the cause. */
  async #requireClock(): Promise<void> {
    const { clock } = this.#options;
    await clock.measure();
    if (clock.fault === undefined) return;
    this.#epoch = undefined;
    const at = this.#now();
    await this.#bucket.write(signinBeatKey, SigninBeat.parse({ epoch: '', at: new Date(at).toISOString() }), at);
    clock.require();
  }

  async #completeEpoch(): Promise<string> {
    const listed = await this.#readEpoch();
    if (listed !== undefined) return listed;
    await declareStreams(this.#options.bus, this.#options.replicas);
    return (await this.#readEpoch()) ?? this.#rebuild();
  }

  async #readEpoch(): Promise<string | undefined> {
    try {
      const { signed } = await this.#bucket.read(signinEpochKey);
      return SigninEpoch.safeParse(signed?.value).data?.epoch;
    } catch (error) {
      this.#options.logger.info({ reason: String(error) }, 'the allow-list has no readable epoch');
      return undefined;
    }
  }

  async #rebuild(): Promise<string> {
    const epoch = await this.#agreeOnEpoch();
    this.#options.logger.warn({ epoch }, 'the allow-list is missing, rebuilding it from the database');
    const count = await this.#entries.walk(epoch);
    const complete = SigninEpoch.parse({ epoch, complete_at: new Date(this.#now()).toISOString() });
    const { revision, signed } = await this.#bucket.read(signinEpochKey);
    const at = this.#entries.after(signinEpochKey, signed?.at);
    if (!(await this.#bucket.write(signinEpochKey, complete, at, { expected: revision }))) {
      const other = await this.#readEpoch();
      if (other === undefined) throw new Error('the epoch was deleted during the rebuild of the list');
      return other;
    }
    this.#options.logger.info({ epoch, signins: count }, 'the allow-list is complete');
    return epoch;
  }

  async #agreeOnEpoch(): Promise<string> {
    const { revision, signed } = await this.#bucket.read(rebuildKey);
    const claimed = SigninBeat.safeParse(signed?.value).data;
    if (claimed !== undefined) return claimed.epoch;
    const at = this.#entries.after(rebuildKey, signed?.at);
    const claim = SigninBeat.parse({ epoch: randomUUID(), at: new Date(at).toISOString() });
    const mine = await this.#bucket.write(rebuildKey, claim, at, { expected: revision });
    return mine ? claim.epoch : this.#agreeOnEpoch();
  }
}

const listAway = (cause?: unknown): AppError =>
  new AppError('unavailable', 'Sign-ins cannot be recorded right now. Try again shortly.', { cause });
