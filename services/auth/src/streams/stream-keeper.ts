import type { NatsConnection } from '@nats-io/transport-node';
import { type Logger, PeriodicTask, reasonOf } from '@webxterm/shared';
import { declareStreams, missingStreams } from '@webxterm/shared/bus';

export interface StreamKeeperOptions {
  readonly bus: NatsConnection;
  /** Number of replicas of a stream that is created again. */
  readonly replicas: number;
  readonly logger: Logger;
}

const everyMs = 3000;
const timeoutMs = 2000;

/** Creates streams and buckets again that NATS lost while it was running. Without them events and audit events wait in the databases. */
export class StreamKeeper {
  readonly #options: StreamKeeperOptions;
  readonly #looking = new PeriodicTask(everyMs, () => this.#look());

  constructor(options: StreamKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#looking.start();
  }

  stop(): Promise<void> {
    return this.#looking.stop();
  }

  async #look(): Promise<void> {
    const { bus, replicas, logger } = this.#options;
    try {
      const missing = await missingStreams(bus, timeoutMs);
      if (missing.length === 0) return;
      logger.error({ streams: missing }, 'NATS has lost streams, creating them again; what was in them is lost');
      await declareStreams(bus, replicas);
    } catch (error) {
      logger.debug({ reason: reasonOf(error) }, 'the streams cannot be checked, retrying');
    }
  }
}
