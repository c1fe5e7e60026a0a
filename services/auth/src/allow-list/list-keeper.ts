import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  SigninBeat,
  SigninEntry,
  SigninEpoch,
  signinBeatKey,
  signinEpochKey,
  signinKey,
} from '@webxterm/contracts/bus';
import { AppError, declareStreams, type Logger } from '@webxterm/shared';
import type { User } from '../accounts/user.ts';
import type { Signin } from '../signins/signin.ts';
import { ListBucket } from './list-bucket.ts';

/** Where the truth about sign-ins stands. */
export interface SigninTruth {
  bySidHash(sidHash: string): Promise<Signin | null>;
  alive(now: Date): AsyncIterable<Signin>;
}
export interface UserTruth {
  byId(id: string): Promise<User | null>;
  byIds(ids: readonly string[]): Promise<User[]>;
}

export interface ListKeeperOptions {
  readonly bus: NatsConnection;
  /** Of streams and buckets that NATS lost. */
  readonly replicas: number;
  readonly signins: SigninTruth;
  readonly users: UserTruth;
  readonly logger: Logger;
  /** Told after each beat whether the list is being kept. */
  readonly onBeat?: (ok: boolean) => void;
  readonly now?: () => number;
}

/** Says under which epoch a lost list is rebuilt: whoever rebuilds at the same time does it under the same one. */
const rebuildKey = 'rebuild';
const beatEveryMs = 1000;
/** Every so many beats the epoch is read again: another one would mean that the list was lost behind our back. */
const checkEveryBeats = 5;
const maxConflicts = 10;
const rebuildBatch = 200;

/**
 * Keeps the allow-list what the database says. Every write insists on the revision that was read *before* the database, so that
 * of two writers the one with the older knowledge fails and looks again: an ended sign-in is never written back.
 */
export class ListKeeper {
  readonly #options: ListKeeperOptions;
  readonly #bucket: ListBucket;
  readonly #now: () => number;
  #epoch: string | undefined;
  #connected = true;
  #beats = 0;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(options: ListKeeperOptions) {
    this.#options = options;
    this.#bucket = new ListBucket(options.bus);
    this.#now = options.now ?? Date.now;
  }

  /** Returns once the list is complete: rebuilt, if it had been lost. */
  async start(): Promise<void> {
    void this.#watchConnection();
    this.#timer = setInterval(() => void this.#beat(), beatEveryMs);
    await this.#beat();
    while (this.#epoch === undefined && !this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, beatEveryMs));
      await this.#working;
    }
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Writes of this moment would count. */
  get isUp(): boolean {
    return this.#connected && this.#epoch !== undefined;
  }

  /**
   * Puts a sign-in that was just made on the list.
   * @throws AppError unavailable when the list has not taken it: the outbox will see to it
   */
  async add(signin: Signin, user: User): Promise<void> {
    await this.#guarded(async (epoch) => {
      if (await this.#offer(signin, user, epoch)) return true;
      return this.#align(signin.sid_hash, epoch);
    });
  }

  /**
   * Makes the entry of a sign-in what the database says of it now.
   * @throws AppError unavailable when the list has not taken it: the outbox will see to it
   */
  async sync(sidHash: string): Promise<void> {
    await this.#guarded((epoch) => this.#align(sidHash, epoch));
  }

  async #guarded(write: (epoch: string) => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < maxConflicts; attempt += 1) {
      const epoch = this.#epoch;
      if (epoch === undefined || !this.#connected) throw listAway();
      let done: boolean;
      try {
        done = await write(epoch);
      } catch (error) {
        throw error instanceof AppError ? error : listAway(error);
      }
      // An ack that came over another connection may be that of a list under another epoch.
      if (this.#epoch !== epoch) throw listAway();
      if (done) return;
    }
    throw listAway();
  }

  async #align(sidHash: string, epoch: string): Promise<boolean> {
    const key = signinKey(sidHash);
    const { revision, value } = await this.#bucket.read(key);
    const signin = await this.#options.signins.bySidHash(sidHash);
    const user = signin === null ? null : await this.#options.users.byId(signin.user_id.toHexString());
    if (signin === null || user === null || signin.expires_at.getTime() <= this.#now()) {
      // Also where nothing was listed: the mark of the deletion stops a rebuild that still believes in the sign-in.
      return (value === undefined && revision > 0) || this.#bucket.remove(key, revision);
    }
    const wanted = entryOf(signin, user, epoch);
    if (isDeepStrictEqual(SigninEntry.safeParse(value).data, wanted)) return true;
    return this.#bucket.write(key, wanted, revision, this.#lifeSeconds(signin));
  }

  #offer(signin: Signin, user: User, epoch: string): Promise<boolean> {
    return this.#bucket.write(signinKey(signin.sid_hash), entryOf(signin, user, epoch), 0, this.#lifeSeconds(signin));
  }

  #lifeSeconds(signin: Signin): number {
    return Math.max(1, Math.ceil((signin.expires_at.getTime() - this.#now()) / 1000));
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#options.bus.status()) {
      if (this.#stopped) return;
      if (status.type === 'disconnect') {
        this.#connected = false;
        this.#epoch = undefined;
      } else if (status.type === 'reconnect') {
        this.#connected = true;
        void this.#beat();
      }
    }
  }

  #beat(): Promise<void> {
    this.#working ??= this.#beatOnce()
      .then(() => this.#options.onBeat?.(this.isUp))
      .catch((error: unknown) => {
        this.#epoch = undefined;
        this.#options.onBeat?.(false);
        this.#options.logger.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          'the allow-list cannot be kept right now, trying again',
        );
      })
      .finally(() => {
        this.#working = undefined;
      });
    return this.#working;
  }

  async #beatOnce(): Promise<void> {
    if (!this.#connected || this.#stopped) return;
    this.#beats += 1;
    if (this.#epoch === undefined || this.#beats % checkEveryBeats === 0) this.#epoch = await this.#completeEpoch();
    const beat = { epoch: this.#epoch, at: new Date(this.#now()).toISOString() };
    await this.#bucket.write(signinBeatKey, SigninBeat.parse(beat));
  }

  async #completeEpoch(): Promise<string> {
    const listed = await this.#readEpoch();
    if (listed !== undefined) return listed;
    await declareStreams(this.#options.bus, this.#options.replicas);
    return (await this.#readEpoch()) ?? this.#rebuild();
  }

  async #readEpoch(): Promise<string | undefined> {
    try {
      return SigninEpoch.safeParse((await this.#bucket.read(signinEpochKey)).value).data?.epoch;
    } catch (error) {
      this.#options.logger.info({ reason: String(error) }, 'the allow-list has no epoch that can be read');
      return undefined;
    }
  }

  async #rebuild(): Promise<string> {
    const epoch = await this.#agreeOnEpoch();
    this.#options.logger.warn({ epoch }, 'the allow-list is empty: rebuilding it from the database');
    let count = 0;
    for await (const batch of batches(this.#options.signins.alive(new Date(this.#now())), rebuildBatch)) {
      const users = await this.#options.users.byIds(batch.map((signin) => signin.user_id.toHexString()));
      const byId = new Map(users.map((user) => [user._id.toHexString(), user]));
      await Promise.all(batch.map((signin) => this.#restore(signin, byId.get(signin.user_id.toHexString()), epoch)));
      count += batch.length;
    }
    const complete = { epoch, complete_at: new Date(this.#now()).toISOString() };
    const { revision } = await this.#bucket.read(signinEpochKey);
    if (!(await this.#bucket.write(signinEpochKey, SigninEpoch.parse(complete), revision))) {
      const other = await this.#readEpoch();
      if (other === undefined) throw new Error('the epoch was taken away while the list was rebuilt');
      return other;
    }
    this.#options.logger.info({ epoch, signins: count }, 'the allow-list is complete');
    return epoch;
  }

  async #restore(signin: Signin, user: User | undefined, epoch: string): Promise<void> {
    if (user === undefined || (await this.#offer(signin, user, epoch))) return;
    for (let attempt = 0; attempt < maxConflicts; attempt += 1) if (await this.#align(signin.sid_hash, epoch)) return;
    throw new Error('an entry of the allow-list is written by too many at once');
  }

  async #agreeOnEpoch(): Promise<string> {
    const { revision, value } = await this.#bucket.read(rebuildKey);
    const claimed = SigninBeat.safeParse(value).data;
    if (claimed !== undefined) return claimed.epoch;
    const claim = { epoch: randomUUID(), at: new Date(this.#now()).toISOString() };
    return (await this.#bucket.write(rebuildKey, claim, revision)) ? claim.epoch : this.#agreeOnEpoch();
  }
}

const entryOf = (signin: Signin, user: User, epoch: string): SigninEntry => ({
  user_id: user._id.toHexString(),
  username: user.username,
  role: user.role,
  disabled: user.disabled,
  exp: Math.floor(signin.expires_at.getTime() / 1000),
  epoch,
});

const listAway = (cause?: unknown): AppError =>
  new AppError('unavailable', 'Sign-ins cannot be recorded right now. Try again shortly.', { cause });

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
