import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { authEvents, eventStream } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { MessageReader, type MessageReaderOptions, StreamFollower } from '@webxterm/shared/bus';

const subject = 'auth.apikey.rotated';
const schema = authEvents[subject];
const ackWaitMs = 30_000;
const batchSize = 100;

export interface RevokedKeysOptions extends Omit<MessageReaderOptions<typeof schema>, 'channel' | 'schema'> {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  /** Called for each replaced key. Each start repeats the keys of the last days, so it must be idempotent. */
  readonly onRevoked: (keyId: string) => void;
  /** Called with false when replaced keys cannot be read, and with true when they can again. */
  readonly onCurrent: (current: boolean) => void;
}

/**
 * The API keys that were replaced within the retention of the stream, which is days and so exceeds the lifetime of a link pass. All
 * credentials issued under them are void. For older ones the machine record has a mark.
 */
export class RevokedKeys {
  readonly #options: RevokedKeysOptions;
  readonly #reader: MessageReader<typeof schema>;
  readonly #follower: StreamFollower;
  readonly #keyIds = new Set<string>();
  readonly #complete = Promise.withResolvers<void>();

  constructor(options: RevokedKeysOptions) {
    const { bus, logger, onCurrent } = options;
    this.#options = options;
    this.#reader = new MessageReader({ ...options, channel: subject, schema });
    this.#follower = new StreamFollower({
      bus,
      logger,
      stream: eventStream.name,
      subject,
      ackWaitMs,
      batch: batchSize,
      onMessage: (message) => this.#take(message),
      onCurrent: (current) => {
        if (current) this.#complete.resolve();
        onCurrent(current);
      },
    });
  }

  start(): void {
    this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  /** Resolves when all messages that were in the stream at the start have been read. Readiness waits for it. */
  complete(): Promise<void> {
    return this.#complete.promise;
  }

  has(keyId: string): boolean {
    return this.#keyIds.has(keyId);
  }

  #take(message: JsMsg): void {
    const event = this.#reader.stored(message);
    if (event !== undefined) {
      this.#keyIds.add(event.old_key_id);
      this.#options.onRevoked(event.old_key_id);
    }
    message.ack();
  }
}
