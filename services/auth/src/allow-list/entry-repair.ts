import { signinKey } from '@webxterm/contracts/bus';
import { type Logger, reasonOf } from '@webxterm/shared';
import type { ListBucket } from './list-bucket.ts';
import type { ListEntries, ListEntriesOptions } from './list-entries.ts';

export interface EntryRepairOptions extends Pick<ListEntriesOptions, 'list' | 'now'> {
  readonly bucket: ListBucket;
  readonly entries: ListEntries;
  readonly logger: Logger;
}

/** The same entry is repaired at most once in this time, in ms, which limits the cost of a client that overwrites it continuously. */
const againAfterMs = 1000;
/** Above this number of keys, the check of all entries finds the rest. */
const maxKeys = 10_000;
/** All entries are checked at most once in this time, in ms. */
const allEveryMs = 10_000;

const entryPrefix = signinKey('');
const sidHashPattern = /^[0-9a-f]{64}$/;

/**
 * Repairs overwritten entries. A client with the credentials of a service on the bus can make the server write its responses under any key
 * of the bucket, and purge it. Readers keep their earlier entries, but one that starts in the meantime would not know which sign-ins are
 * valid.
 */
export class EntryRepair {
  readonly #options: EntryRepairOptions;
  readonly #keys = new Set<string>();
  readonly #mendedAt = new Map<string, number>();
  #all = false;
  #allAt = Number.NEGATIVE_INFINITY;
  #working = false;

  constructor(options: EntryRepairOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#keys.size < maxKeys) this.#keys.add(key);
    this.#all = true;
  }

  /** Checks every entry and every sign-in at the next `work`. */
  lookAtAll(): void {
    this.#all = true;
    this.#allAt = Number.NEGATIVE_INFINITY;
  }

  /** Starts the repairs that are due, and returns at once. Called again with every beat. */
  work(epoch: string): void {
    if (this.#working) return;
    this.#working = true;
    void this.#mend(epoch)
      .catch((error: unknown) => {
        const reason = reasonOf(error);
        this.#options.logger.warn({ reason }, 'the allow-list cannot be repaired right now, retrying');
      })
      .finally(() => {
        this.#working = false;
      });
  }

  async #mend(epoch: string): Promise<void> {
    const { now, entries, list, logger } = this.#options;
    for (const [key, at] of this.#mendedAt) if (at <= now() - againAfterMs) this.#mendedAt.delete(key);
    for (const key of this.#keys) {
      if (this.#mendedAt.has(key)) continue;
      await this.#mendKey(key, epoch);
      this.#keys.delete(key);
      this.#mendedAt.set(key, now());
      logger.warn({ key }, 'repaired an entry of the allow-list');
    }
    if (!this.#all || this.#allAt > now() - allEveryMs || list.isStale()) return;
    this.#all = false;
    this.#allAt = now();
    try {
      await entries.walk(epoch);
    } catch (error) {
      this.#all = true;
      throw error;
    }
  }

  async #mendKey(key: string, epoch: string): Promise<void> {
    const sidHash = key.startsWith(entryPrefix) ? key.slice(entryPrefix.length) : '';
    if (sidHashPattern.test(sidHash)) await this.#options.entries.settle(sidHash, epoch);
    else await this.#options.bucket.remove(key);
  }
}
