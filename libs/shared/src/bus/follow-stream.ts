import { randomBytes } from 'node:crypto';
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { reasonOf } from '../errors.ts';
import type { Logger } from '../log/logger.ts';

export interface StreamFollowerOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly stream: string;
  /** Undefined: all subjects of the stream. */
  readonly subject?: string;
  /**
   * The name of a consumer that all instances share, so that each message goes to one of them. Undefined: each instance reads all messages.
   */
  readonly durable?: string;
  /** How long one message may be processed before another instance gets it, in ms. */
  readonly ackWaitMs: number;
  /** Messages per fetch. */
  readonly batch: number;
  /** Messages delivered and not yet acknowledged, over all instances. */
  readonly maxPending?: number;
  /** Processes a message and acknowledges it when done. If it throws, the message is redelivered. */
  readonly onMessage: (message: JsMsg) => void | Promise<void>;
  /** Called with true once the existing messages of the stream have been read, with false while the stream cannot be read. */
  readonly onCurrent?: (current: boolean) => void;
}

/**
 * We choose the name, because the NATS permissions of services allow creating a consumer only if the subject contains its name and filter.
 */
const newName = (): string => randomBytes(12).toString('base64url');

const retryMs = 1000;
const againMs = 2000;
/** A consumer of one instance is deleted after this time without that instance. */
const inactiveMs = 5 * 60_000;
const requestTimeoutMs = 5000;
/**
 * Ends when the stream or the consumer is gone. NATS reports that to a waiting request, but not in every order of events. Then the client
 * notices when two heartbeats are missing. By default that takes 30 s. Times in ms.
 */
const pulling = { abort_on_missing_resource: true, expires: 10_000, idle_heartbeat: 1000 } as const;

/**
 * Reads a stream for as long as the service runs. It survives the loss of the stream and of its consumer: it retries until both exist
 * again, and a consumer of one instance then reads all messages again.
 */
export class StreamFollower {
  readonly #options: StreamFollowerOptions;
  #stopped = false;
  #consuming: { stop(): void; close(): Promise<unknown> } | undefined;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};

  constructor(options: StreamFollowerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Stops reading. Resolves when the last message has been processed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    this.#consuming?.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { bus, logger, stream, onCurrent } = this.#options;
    while (!this.#stopped && !bus.isClosed()) {
      let reason = 'the stream or its consumer was deleted';
      try {
        await this.#consume();
      } catch (error) {
        reason = reasonOf(error);
      }
      if (this.#stopped || bus.isClosed()) return;
      onCurrent?.(false);
      logger.warn({ stream, reason }, 'a stream cannot be read, retrying');
      await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, retryMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #consume(): Promise<void> {
    const { bus, stream, batch, onCurrent } = this.#options;
    const manager = await jetstreamManager(bus, { checkAPI: false, timeout: requestTimeoutMs });
    const { name } = await manager.consumers.add(stream, this.#consumerConfig());
    const consumer = await jetstream(bus, { timeout: requestTimeoutMs }).consumers.get(stream, name);
    const messages = await consumer.consume({ ...pulling, max_messages: batch });
    this.#consuming = messages;
    if (this.#stopped) messages.stop();
    if ((await consumer.info()).num_pending === 0) onCurrent?.(true);
    for await (const message of messages) {
      const { pending } = message.info;
      await this.#handOn(message);
      if (pending === 0) onCurrent?.(true);
    }
  }

  #consumerConfig(): Partial<ConsumerConfig> {
    const { subject, durable, ackWaitMs, maxPending } = this.#options;
    return {
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ackWaitMs),
      ...(durable === undefined
        ? { name: newName(), inactive_threshold: nanos(inactiveMs) }
        : { durable_name: durable }),
      ...(subject === undefined ? {} : { filter_subject: subject }),
      ...(maxPending === undefined ? {} : { max_ack_pending: maxPending }),
    };
  }

  async #handOn(message: JsMsg): Promise<void> {
    try {
      await this.#options.onMessage(message);
    } catch (error) {
      const fields = { err: error, stream: this.#options.stream, subject: message.subject };
      this.#options.logger.warn(fields, 'a message of a stream could not be processed, retrying');
      message.nak(againMs);
    }
  }
}
