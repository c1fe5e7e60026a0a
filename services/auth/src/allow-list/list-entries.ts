import { isDeepStrictEqual } from 'node:util';
import { SigninEntry, signinKey } from '@webxterm/contracts/bus';
import type { TokenLimits } from '@webxterm/contracts/token-scopes';
import type { AllowList } from '@webxterm/shared/bus';
import type { z } from 'zod';
import type { User } from '../accounts/user.ts';
import { hasSecondFactor } from '../second-factors/second-factor.ts';
import type { Signin } from '../signins/signin.ts';
import type { ListBucket } from './list-bucket.ts';

/** A sign-in or an access token, as far as the list shows it. */
export type ListedSignin = Pick<Signin, 'sid_hash' | 'user_id' | 'expires_at'> & {
  /** The limits of an access token. */
  readonly token?: TokenLimits;
};

/** The authoritative source of sign-ins. */
export interface SigninTruth {
  bySidHash(sidHash: string): Promise<ListedSignin | null>;
  /** Reads in batches of this size. */
  alive(now: Date, batchSize: number): AsyncIterable<ListedSignin>;
}

/** Two sources as one. A sid is in one of them at most. */
export const bothOf = (first: SigninTruth, second: SigninTruth): SigninTruth => ({
  bySidHash: async (sidHash) => (await first.bySidHash(sidHash)) ?? second.bySidHash(sidHash),
  async *alive(now, batchSize) {
    yield* first.alive(now, batchSize);
    yield* second.alive(now, batchSize);
  },
});

export interface UserTruth {
  byId(id: string): Promise<User | null>;
  byIds(ids: readonly string[]): Promise<User[]>;
}

export interface ListEntriesOptions {
  readonly bucket: ListBucket;
  readonly signins: SigninTruth;
  readonly users: UserTruth;
  /** The list as its readers see it. */
  readonly list: Pick<AllowList, 'peek' | 'newestAt' | 'sidHashes' | 'isStale'>;
  readonly now: () => number;
}

const maxConflicts = 10;
const walkBatch = 200;

/**
 * Makes the entries of sign-ins match the database. Every write requires the revision that was read *before* the database, so that of two
 * writers the one with the older data fails and reads again. An ended sign-in is therefore never restored. Every entry is dated before the
 * read of the database, so that an entry which is delayed until the marker of the end has expired is too old for any reader.
 */
export class ListEntries {
  readonly #options: ListEntriesOptions;

  constructor(options: ListEntriesOptions) {
    this.#options = options;
  }

  /** @returns false when another writer has written in the meantime */
  async align(sidHash: string, epoch: string): Promise<boolean> {
    const key = signinKey(sidHash);
    const { revision, signed } = await this.#options.bucket.read(key);
    const readAt = this.#options.now();
    const signin = await this.#options.signins.bySidHash(sidHash);
    const user = signin === null ? null : await this.#options.users.byId(signin.user_id.toHexString());
    const at = this.#after(key, readAt, signed?.at);
    if (signin === null || user === null || signin.expires_at.getTime() <= this.#options.now()) {
      // The marker is written even if no entry is listed: readers keep earlier entries, and a rebuild may still write the sign-in.
      return signed?.value === null || this.#options.bucket.end(key, at, revision);
    }
    const wanted = entryOf(signin, user, epoch);
    // An older entry with the same value is written again, because readers do not accept it.
    const isNewest = signed !== undefined && signed.at >= this.#options.list.newestAt(key);
    if (isNewest && isDeepStrictEqual(signed.value, wanted)) return true;
    return this.#options.bucket.write(key, wanted, at, { expected: revision, lifeSeconds: this.#lifeSeconds(signin) });
  }

  /** Aligns the entry, retrying when others write at the same time. */
  async settle(sidHash: string, epoch: string): Promise<void> {
    for (let attempt = 0; attempt < maxConflicts; attempt += 1) if (await this.align(sidHash, epoch)) return;
    throw new Error('an entry of the allow-list has too many concurrent writers');
  }

  /**
   * Checks every sign-in in the database and every one on the list, and writes missing or wrong entries. @returns the number of sign-ins
   */
  async walk(epoch: string): Promise<number> {
    const { list, signins, users, now } = this.#options;
    const listed = await this.#options.bucket.keys(signinKey(''));
    const known = new Set<string>();
    let readAt = now();
    for await (const batch of batches(signins.alive(new Date(readAt), walkBatch), walkBatch)) {
      const found = await users.byIds(batch.map((signin) => signin.user_id.toHexString()));
      const byId = new Map(found.map((user) => [user._id.toHexString(), user]));
      await Promise.all(
        batch.map((signin) => {
          const user = byId.get(signin.user_id.toHexString());
          return user === undefined ? undefined : this.#restore({ signin, user, readAt }, epoch, listed);
        }),
      );
      for (const { sid_hash } of batch) known.add(sid_hash);
      readAt = now();
    }
    for (const sidHash of [...list.sidHashes()])
      if (!known.has(sidHash) && list.peek(sidHash) !== undefined) await this.settle(sidHash, epoch);
    return known.size;
  }

  /**
   * A time for the next entry of this key, in ms since 1970, that readers accept as later than what they know, even if the clocks of two
   * instances differ. `listedAt`: the time of the current entry.
   */
  after(key: string, listedAt = 0): number {
    return this.#after(key, this.#options.now(), listedAt);
  }

  #after(key: string, knownAt: number, listedAt = 0): number {
    return Math.max(knownAt, listedAt + 1, this.#options.list.newestAt(key) + 1);
  }

  async #restore({ signin, user, readAt }: Read, epoch: string, listed: ReadonlySet<string>): Promise<void> {
    const key = signinKey(signin.sid_hash);
    const wanted = entryOf(signin, user, epoch);
    if (!listed.has(key)) {
      const options = { expected: 0, lifeSeconds: this.#lifeSeconds(signin) };
      if (await this.#options.bucket.write(key, wanted, this.#after(key, readAt), options)) return;
    } else if (isDeepStrictEqual(this.#options.list.peek(signin.sid_hash), SigninEntry.parse(wanted))) return;
    await this.settle(signin.sid_hash, epoch);
  }

  #lifeSeconds(signin: ListedSignin): number {
    return Math.max(1, Math.ceil((signin.expires_at.getTime() - this.#options.now()) / 1000));
  }
}

/** A sign-in and its user, read from the database no earlier than `readAt`, in ms since 1970. */
interface Read {
  readonly signin: ListedSignin;
  readonly user: User;
  readonly readAt: number;
}

const entryOf = ({ token, expires_at }: ListedSignin, user: User, epoch: string): z.input<typeof SigninEntry> => ({
  user_id: user._id.toHexString(),
  username: user.username,
  role: user.role,
  // See SigninEntry.
  disabled: token !== undefined || user.disabled,
  exp: Math.floor(expires_at.getTime() / 1000),
  epoch,
  ...(hasSecondFactor(user) ? { second_factor: true } : {}),
  ...(token === undefined ? {} : { token: { ...token, owner_disabled: user.disabled } }),
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
