import { jetstream } from '@nats-io/jetstream';
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
  readonly logger: Logger;
}

/** Follows a bucket in memory. After each reconnect it reads the whole bucket anew before it counts as caught up. */
export class KvView {
  readonly #options: KvViewOptions;
  #watch: { stop(): void } | undefined;
  #round = 0;
  #stopped = false;

  constructor(options: KvViewOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#follow();
    void this.#restartOnReconnect();
  }

  stop(): void {
    this.#stopped = true;
    this.#watch?.stop();
  }

  async #restartOnReconnect(): Promise<void> {
    for await (const status of this.#options.bus.status()) {
      if (this.#stopped) return;
      if (status.type === 'reconnect') void this.#follow();
    }
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
    const { bus, bucket, apply, reset, caughtUp } = this.#options;
    const kv = await openBucket(bus, bucket);
    const empty = (await kv.status()).streamInfo.state.messages === 0;
    const entries = await kv.watch();
    if (round !== this.#round) return entries.stop();
    this.#watch = entries;
    reset();
    let complete = empty;
    if (complete) caughtUp();
    for await (const entry of entries) {
      if (round !== this.#round) return;
      apply(entry);
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
