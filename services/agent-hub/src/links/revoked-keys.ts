import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { authEvents, eventStream } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';

const subject = 'auth.apikey.rotated';
const retryMs = 1000;

export interface RevokedKeysOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  /** Told for each replaced key, also again for those of the last days at each start: it must be idempotent. */
  readonly onRevoked: (keyId: string) => void;
}

/**
 * The API keys that were replaced within what the stream keeps (days, so more than the life of a link pass): whatever was
 * issued under them is void. Older ones are marked at their machines.
 */
export class RevokedKeys {
  readonly #options: RevokedKeysOptions;
  readonly #keyIds = new Set<string>();
  readonly #complete: Promise<void>;
  #resolveComplete: () => void = () => {};
  #stopped = false;
  #stopConsuming: () => void = () => {};

  constructor(options: RevokedKeysOptions) {
    this.#options = options;
    this.#complete = new Promise((resolve) => {
      this.#resolveComplete = resolve;
    });
  }

  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopConsuming();
  }

  /** Resolves when all that stood in the stream at the start has been read: a part of ready. */
  complete(): Promise<void> {
    return this.#complete;
  }

  has(keyId: string): boolean {
    return this.#keyIds.has(keyId);
  }

  async #follow(): Promise<void> {
    const { bus, logger } = this.#options;
    while (!this.#stopped && !bus.isClosed()) {
      try {
        await this.#readAll();
      } catch (error) {
        logger.warn({ err: error }, 'replaced API keys cannot be read, trying again');
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  async #readAll(): Promise<void> {
    const consumer = await jetstream(this.#options.bus).consumers.get(eventStream.name, { filter_subjects: subject });
    if ((await consumer.info()).num_pending === 0) this.#resolveComplete();
    const messages = await consumer.consume();
    this.#stopConsuming = () => messages.stop();
    for await (const message of messages) {
      this.#hear(message.json());
      if (message.info.pending === 0) this.#resolveComplete();
    }
  }

  #hear(value: unknown): void {
    const body = typeof value === 'object' && value !== null && 'body' in value ? value.body : value;
    const event = authEvents[subject].safeParse(body);
    if (!event.success) {
      this.#options.logger.error({ subject }, 'an event does not have the agreed shape, ignoring it');
      return;
    }
    this.#keyIds.add(event.data.old_key_id);
    this.#options.onRevoked(event.data.old_key_id);
  }
}
