import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { authEvents, eventStream } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { MessageReader, type MessageReaderOptions, StreamFollower } from '@webxterm/shared/bus';
import type { UserChanged } from './departures.ts';

const subject = 'auth.user.changed';
const schema = authEvents[subject];
/** One durable consumer for all hubs, so that one hub handles each event. */
const durable = 'hub-users';
const ackWaitMs = 30_000;

export interface UserEventsOptions extends Omit<MessageReaderOptions<typeof schema>, 'channel' | 'schema'> {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly onChange: (change: UserChanged) => Promise<void>;
  /** Called with false when user events cannot be read, and with true when they can again. */
  readonly onCurrent: (current: boolean) => void;
}

/** Reads the events of disabled and deleted users, including events published while no hub was running. */
export class UserEvents {
  readonly #options: UserEventsOptions;
  readonly #reader: MessageReader<typeof schema>;
  readonly #follower: StreamFollower;

  constructor(options: UserEventsOptions) {
    const { bus, logger, onCurrent } = options;
    this.#options = options;
    this.#reader = new MessageReader({ ...options, channel: subject, schema });
    this.#follower = new StreamFollower({
      bus,
      logger,
      stream: eventStream.name,
      subject,
      durable,
      ackWaitMs,
      batch: 1,
      onMessage: (message) => this.#take(message),
      onCurrent,
    });
  }

  start(): void {
    this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  async #take(message: JsMsg): Promise<void> {
    const change = this.#reader.stored(message);
    if (change !== undefined) await this.#options.onChange(change);
    message.ack();
  }
}
