import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { Logger } from '../log/logger.ts';
import { watchRetryMs } from './watch-retry.ts';

/** Opens a bucket that `init` declares; the services themselves may not create or change one. */
export const openBucket = async (bus: NatsConnection, bucket: string, timeoutMs = 5000): Promise<KV> =>
  new Kvm(jetstream(bus, { timeout: timeoutMs })).open(bucket);

export interface KvViewOptions {
  readonly bus: NatsConnection;
  readonly bucket: string;
  /** Called for each entry, in order. One whose operation is not PUT was deleted or has expired. */
  readonly apply: (entry: KvEntry) => void;
  /** Everything is about to be told again from an empty start: after a reconnect, so that nothing missed stays unseen. */
  readonly reset: () => void;
  /** All that stood in the bucket when the watch began has been applied. */
  readonly caughtUp: () => void;
  /** Told with true when all of the bucket has been read, with false while it cannot be. */
  readonly onCurrent?: (current: boolean) => void;
  readonly logger: Logger;
}

/**
 * How often the server is asked whether the bucket is still the one that is watched, and how far it has come. The client does not
 * report it: its watch goes on in silence when the bucket or the consumer was deleted, also when there is a new bucket.
 */
const lookEveryMs = 2000;
/** A watch that does not advance for so many looks, although there is more to read, is begun anew. */
const maxStuckLooks = 3;
const streamNotFound = 10_059;

/**
 * Follows a bucket in memory. After each reconnect, and when the bucket was lost and made anew, it reads the whole bucket anew before
 * it counts as caught up.
 */
export class KvView {
  readonly #options: KvViewOptions;
  #watch: { stop(): void } | undefined;
  /** The bucket that is watched, and how far: by the sequence of its stream. */
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

  /** Ends the watch of a bucket that is no more; the loop that follows looks for the new one. */
  async #lookWhetherLost(): Promise<void> {
    const { bus, bucket, logger, onCurrent } = this.#options;
    const watched = this.#watched;
    if (watched === undefined || bus.isClosed()) return;
    try {
      const manager = await jetstreamManager(bus, { checkAPI: false, timeout: lookEveryMs });
      const { created, state } = await manager.streams.info(`KV_${bucket}`);
      if (created === watched.created && !this.#isStuck(watched.seen, state.last_seq)) return;
    } catch (error) {
      // Nobody answers: that says nothing of the bucket.
      if (!(error instanceof JetStreamApiError) || error.code !== streamNotFound) return;
    }
    if (watched !== this.#watched) return;
    logger.warn({ bucket }, 'a bucket, or the consumer that reads it, is gone: reading it anew');
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
        logger.warn(
          { bucket, reason: error instanceof Error ? error.message : String(error) },
          'bucket cannot be watched, trying again',
        );
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
      // The last of what was there may have been taken away since: it will not come.
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
 * What stands in an entry. Undefined: it was deleted. Null: what is no JSON; the answer of the server to anybody's request ends up
 * in a bucket when the request names one of its keys as reply subject, and must not stop those who read the bucket.
 */
export const entryValue = (entry: Pick<KvEntry, 'operation' | 'json'>): unknown => {
  if (entry.operation !== 'PUT') return undefined;
  try {
    return entry.json<unknown>();
  } catch {
    return null;
  }
};

/** An entry's value when it has the agreed shape; undefined (and a log line) when not. */
export const parseEntry = <S extends z.ZodType>(
  schema: S,
  value: unknown,
  key: string,
  logger: Logger,
): z.output<S> | undefined => {
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (!parsed.success) logger.error({ key }, 'a bucket entry does not have the agreed shape, ignoring it');
  return parsed.data;
};
