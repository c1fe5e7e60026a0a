import { AckPolicy, DeliverPolicy, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { authEvents, eventStream } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import type { UserChanged } from './departures.ts';

const subject = 'auth.user.changed';
/** One for all hubs: each event is one hub's work, until it says that it is done. */
const durable = 'hub-users';
const ackWaitMs = 30_000;
const retryMs = 1000;
const againMs = 2000;

export interface UserEventsOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly onChange: (change: UserChanged) => Promise<void>;
}

/** Hears of every user that is disabled or deleted, also of what was told while no hub ran. */
export class UserEvents {
  readonly #options: UserEventsOptions;
  #stopped = false;
  #stopConsuming: () => void = () => {};

  constructor(options: UserEventsOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopConsuming();
  }

  async #follow(): Promise<void> {
    const { bus, logger } = this.#options;
    while (!this.#stopped && !bus.isClosed()) {
      try {
        await this.#consume();
      } catch (error) {
        logger.warn({ err: error }, 'changes of users cannot be read, trying again');
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  async #consume(): Promise<void> {
    const { bus } = this.#options;
    const manager = await jetstreamManager(bus);
    await manager.consumers.add(eventStream.name, {
      durable_name: durable,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ackWaitMs),
    });
    const consumer = await jetstream(bus).consumers.get(eventStream.name, durable);
    const messages = await consumer.consume({ max_messages: 1 });
    this.#stopConsuming = () => messages.stop();
    for await (const message of messages) await this.#hear(message);
  }

  async #hear(message: JsMsg): Promise<void> {
    const { logger, onChange } = this.#options;
    const change = authEvents[subject].safeParse(bodyOf(message));
    if (!change.success) {
      logger.error({ subject }, 'an event does not have the agreed shape, ignoring it');
      message.ack();
      return;
    }
    try {
      await onChange(change.data);
      message.ack();
    } catch (error) {
      logger.warn({ err: error, user_id: change.data.user_id }, 'a change of a user is not done with, trying again');
      message.nak(againMs);
    }
  }
}

const bodyOf = (message: JsMsg): unknown => {
  try {
    const value: unknown = message.json();
    return typeof value === 'object' && value !== null && 'body' in value ? value.body : value;
  } catch {
    return undefined;
  }
};
