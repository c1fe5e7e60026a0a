import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import { reasonOf } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import { watchRetryMs } from './watch-retry.ts';

/** Opens a bucket. `init` creates the buckets: the services may not create or change them. */
export const openBucket = async (bus: NatsConnection, bucket: string, timeoutMs = 5000): Promise<KV> =>
  new Kvm(jetstream(bus, { timeout: timeoutMs })).open(bucket);

export interface KvViewOptions {
  readonly bus: NatsConnection;
  readonly bucket: string;
  /** Called for each entry, in order. An entry whose operation is not PUT was deleted or has expired. */
  readonly apply: (entry: KvEntry) => void;
  /** Called before the whole bucket is read again from the start, such as after a reconnect. */
  readonly reset: () => void;
  /** Called once the entries that existed when the watch began have been applied. */
  readonly caughtUp: () => void;
  /** Called with true once the whole bucket has been read, with false while it cannot be read. */
  readonly onCurrent?: (current: boolean) => void;
  readonly logger: Logger;
}

/**
 * How often the view checks, in ms, whether the watched bucket still exists and how far it has advanced. The client does not report this:
 * its watch continues silently when the bucket or the consumer was deleted, even if a new bucket exists.
 */
const lookEveryMs = 2000;
/** A watch that does not advance for this many checks although there is more to read is restarted. */
const maxStuckLooks = 3;
const streamNotFound = 10_059;

/**
 * Follows a bucket in memory. After each reconnect, and when the bucket was lost and created again, it reads the whole bucket before it
 * counts as caught up.
 */
export class KvView {
  readonly #options: KvViewOptions;
  #watch: { stop(): void } | undefined;
  /** The watched bucket, identified by its creation time, and the stream sequence of the last applied entry. */
  #watched: { readonly created: string; seen: number } | undefined;
  #stuckAt = 0;
  #stuckLooks = 0;
  #timer: NodeJS.Timeout | undefined;
  #round = 0;
  #stopped = false;

  constructor(options: KvViewOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#follow();
    void this.#restartOnReconnect();
    this.#timer = setInterval(() => void this.#lookWhetherLost(), lookEveryMs);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#watch?.stop();
  }

  async #restartOnReconnect(): Promise<void> {
    for await (const status of this.#options.bus.status()) {
      if (this.#stopped) return;
      if (status.type === 'reconnect') void this.#follow();
    }
  }

  /** Ends the watch if its bucket no longer exists. The loop in `#follow` then watches the new one. */
  async #lookWhetherLost(): Promise<void> {
    const { bus, bucket, logger, onCurrent } = this.#options;
    const watched = this.#watched;
    if (watched === undefined || bus.isClosed()) return;
    try {
      const manager = await jetstreamManager(bus, { checkAPI: false, timeout: lookEveryMs });
      const { created, state } = await manager.streams.info(`KV_${bucket}`);
      if (created === watched.created && !this.#isStuck(watched.seen, state.last_seq)) return;
    } catch (error) {
      // NATS did not respond, which says nothing about the bucket.
      if (!(error instanceof JetStreamApiError) || error.code !== streamNotFound) return;
    }
    if (watched !== this.#watched) return;
    logger.warn({ bucket }, 'a bucket or its consumer was deleted, reading the bucket again');
    this.#watched = undefined;
    onCurrent?.(false);
    this.#watch?.stop();
  }

  #isStuck(seen: number, last: number): boolean {
    this.#stuckLooks = seen < last && seen === this.#stuckAt ? this.#stuckLooks + 1 : 0;
    this.#stuckAt = seen;
    return this.#stuckLooks >= maxStuckLooks;
  }

  async #follow(): Promise<void> {
    const round = ++this.#round;
    this.#watch?.stop();
    const { bus, bucket, logger } = this.#options;
    let failures = 0;
    while (round === this.#round && !this.#stopped && !bus.isClosed()) {
      const before = this.#watch;
      try {
        await this.#watchOnce(round);
        failures = 0;
      } catch (error) {
        if (this.#watch !== before) failures += 1;
        logger.warn({ bucket, reason: reasonOf(error) }, 'a bucket cannot be watched, retrying');
      }
      await new Promise((resolve) => setTimeout(resolve, watchRetryMs(failures)));
    }
  }

  async #watchOnce(round: number): Promise<void> {
    const { bus, bucket, apply, reset } = this.#options;
    const kv = await openBucket(bus, bucket);
    const { streamInfo } = await kv.status();
    const empty = streamInfo.state.messages === 0;
    const entries = await kv.watch();
    if (round !== this.#round) return entries.stop();
    this.#watch = entries;
    const watched = { created: streamInfo.created, seen: 0 };
    this.#watched = watched;
    const caughtUp = (): void => {
      // The last of the existing entries may have been deleted since, so it would never arrive.
      watched.seen = Math.max(watched.seen, streamInfo.state.last_seq);
      this.#options.caughtUp();
      this.#options.onCurrent?.(true);
    };
    reset();
    let complete = empty;
    if (complete) caughtUp();
    for await (const entry of entries) {
      if (round !== this.#round) return;
      apply(entry);
      watched.seen = entry.revision;
      if (!complete && entry.isUpdate) {
        complete = true;
        caughtUp();
      }
    }
  }
}

/**
 * The value of an entry. Undefined: deleted. Null: not JSON. A request to the server can name a key of a bucket as its reply subject, so
 * the server's response becomes an entry. Such an entry must not stop the readers.
 */
export const entryValue = (entry: Pick<KvEntry, 'operation' | 'json'>): unknown => {
  if (entry.operation !== 'PUT') return undefined;
  try {
    return entry.json<unknown>();
  } catch {
    return null;
  }
};

/** The value of an entry if it matches the schema, otherwise undefined with a log line. */
export const parseEntry = <S extends z.ZodType>(
  schema: S,
  value: unknown,
  key: string,
  logger: Logger,
): z.output<S> | undefined => {
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (!parsed.success) logger.error({ key }, 'a bucket entry does not match its schema, ignoring it');
  return parsed.data;
};
