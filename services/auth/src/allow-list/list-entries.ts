import { isDeepStrictEqual } from 'node:util';
import { type SigninEntry, signinKey } from '@webxterm/contracts/bus';
import type { AllowList } from '@webxterm/shared/bus';
import type { User } from '../accounts/user.ts';
import type { Signin } from '../signins/signin.ts';
import type { ListBucket } from './list-bucket.ts';

/** Where the truth about sign-ins stands. */
export interface SigninTruth {
  bySidHash(sidHash: string): Promise<Signin | null>;
  alive(now: Date): AsyncIterable<Signin>;
}
export interface UserTruth {
  byId(id: string): Promise<User | null>;
  byIds(ids: readonly string[]): Promise<User[]>;
}

export interface ListEntriesOptions {
  readonly bucket: ListBucket;
  readonly signins: SigninTruth;
  readonly users: UserTruth;
  /** The list as everybody reads it. */
  readonly list: Pick<AllowList, 'peek' | 'newestAt' | 'sidHashes' | 'isStale'>;
  readonly now: () => number;
}

const maxConflicts = 10;
const walkBatch = 200;

/**
 * The entries of sign-ins, made what the database says. Every write insists on the revision that was read *before* the database, so
 * that of two writers the one with the older knowledge fails and looks again: an ended sign-in is never written back.
 */
export class ListEntries {
  readonly #options: ListEntriesOptions;

  constructor(options: ListEntriesOptions) {
    this.#options = options;
  }

  /** The entry of a new sign-in. @returns false when something stands there already */
  offer(signin: Signin, user: User, epoch: string): Promise<boolean> {
    const key = signinKey(signin.sid_hash);
    return this.#options.bucket.write(key, entryOf(signin, user, epoch), this.after(key), {
      expected: 0,
      lifeSeconds: this.#lifeSeconds(signin),
    });
  }

  /** @returns false when somebody else has written meanwhile */
  async align(sidHash: string, epoch: string): Promise<boolean> {
    const key = signinKey(sidHash);
    const { revision, signed } = await this.#options.bucket.read(key);
    const signin = await this.#options.signins.bySidHash(sidHash);
    const user = signin === null ? null : await this.#options.users.byId(signin.user_id.toHexString());
    const at = this.after(key, signed?.at);
    if (signin === null || user === null || signin.expires_at.getTime() <= this.#options.now()) {
      // Also where nothing is listed: readers keep what was, and a rebuild may still believe in the sign-in.
      return signed?.value === null || this.#options.bucket.end(key, at, revision);
    }
    const wanted = entryOf(signin, user, epoch);
    // An older one that says the same is written anew too: readers do not take it.
    const isNewest = signed !== undefined && signed.at >= this.#options.list.newestAt(key);
    if (isNewest && isDeepStrictEqual(signed.value, wanted)) return true;
    return this.#options.bucket.write(key, wanted, at, { expected: revision, lifeSeconds: this.#lifeSeconds(signin) });
  }

  /** Aligns, also when others write at the same time. */
  async settle(sidHash: string, epoch: string): Promise<void> {
    for (let attempt = 0; attempt < maxConflicts; attempt += 1) if (await this.align(sidHash, epoch)) return;
    throw new Error('an entry of the allow-list is written by too many at once');
  }

  /** Looks at every sign-in there is, and at every one that is listed; writes what is missing or wrong. @returns how many there are */
  async walk(epoch: string): Promise<number> {
    const { list, signins, users, now } = this.#options;
    const standing = await this.#options.bucket.keys(signinKey(''));
    const known = new Set<string>();
    for await (const batch of batches(signins.alive(new Date(now())), walkBatch)) {
      const found = await users.byIds(batch.map((signin) => signin.user_id.toHexString()));
      const byId = new Map(found.map((user) => [user._id.toHexString(), user]));
      await Promise.all(
        batch.map((signin) => this.#restore(signin, byId.get(signin.user_id.toHexString()), epoch, standing)),
      );
      for (const { sid_hash } of batch) known.add(sid_hash);
    }
    for (const sidHash of [...list.sidHashes()])
      if (!known.has(sidHash) && list.peek(sidHash) !== undefined) await this.settle(sidHash, epoch);
    return known.size;
  }

  /**
   * A time for the next entry under this key that readers take for later than what they know, also where the clocks of two
   * instances differ. ms since 1970. `listedAt`: of the entry that stands there.
   */
  after(key: string, listedAt = 0): number {
    return Math.max(this.#options.now(), listedAt + 1, this.#options.list.newestAt(key) + 1);
  }

  async #restore(signin: Signin, user: User | undefined, epoch: string, standing: ReadonlySet<string>): Promise<void> {
    if (user === undefined) return;
    if (!standing.has(signinKey(signin.sid_hash))) {
      if (await this.offer(signin, user, epoch)) return;
    } else if (isDeepStrictEqual(this.#options.list.peek(signin.sid_hash), entryOf(signin, user, epoch))) return;
    await this.settle(signin.sid_hash, epoch);
  }

  #lifeSeconds(signin: Signin): number {
    return Math.max(1, Math.ceil((signin.expires_at.getTime() - this.#options.now()) / 1000));
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
