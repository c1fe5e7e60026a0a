import { AckPolicy, type ConsumerMessages, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { auditConsumer, auditStream } from '@webxterm/contracts/bus';
import type { Logger, Shutdown } from '@webxterm/shared';
import { type ActorTruth, actorsOf } from './actor.ts';
import type { ChainStore } from './chain-store.ts';
import { entryOf, readMessage } from './entry.ts';

export interface AuditWriterOptions {
  readonly bus: NatsConnection;
  readonly chain: Pick<ChainStore, 'append'>;
  readonly truth: ActorTruth;
  readonly logger: Logger;
  /** Told after each batch how many rows were new. */
  readonly onWritten: (count: number) => void;
  readonly now?: () => number;
}

const batchSize = 200;
/** Given out and not yet written down, over all instances. */
const maxPending = 2000;
/** An instance that was killed with a batch in its hands: another gets it after this. */
const ackWaitMs = 10_000;
const againMs = 1000;

/** Writes what comes on the AUDIT stream into the chain: at least once off the stream, once in the log. */
export class AuditWriter {
  readonly #options: AuditWriterOptions;
  readonly #now: () => number;
  #stopped = false;
  #consuming: ConsumerMessages | undefined;
  #queue: JsMsg[] = [];
  #pumping: Promise<void> | undefined;

  constructor(options: AuditWriterOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  start(shutdown: Shutdown): void {
    void this.#run();
    shutdown.add('work', 'audit writer', async () => {
      this.#stopped = true;
      await this.#consuming?.close();
      await this.#pumping;
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#consume();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (!this.#stopped) this.#options.logger.warn({ reason }, 'the audit stream cannot be read, trying again');
      }
      if (!this.#stopped) await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }

  /** Ends when the stream or its consumer is gone: both are made anew then. */
  async #consume(): Promise<void> {
    const { bus } = this.#options;
    const manager = await jetstreamManager(bus, { checkAPI: false });
    await manager.consumers.add(auditStream.name, {
      durable_name: auditConsumer,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: maxPending,
    });
    const consumer = await jetstream(bus).consumers.get(auditStream.name, auditConsumer);
    const messages = await consumer.consume({ max_messages: batchSize, abort_on_missing_resource: true });
    this.#consuming = messages;
    for await (const message of messages) {
      this.#queue.push(message);
      this.#pumping ??= this.#pump().finally(() => {
        this.#pumping = undefined;
      });
    }
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, batchSize);
      try {
        await this.#write(batch);
        for (const message of batch) message.ack();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.logger.warn({ reason, count: batch.length }, 'audit events cannot be written yet, trying again');
        for (const message of batch) message.nak(againMs);
      }
    }
  }

  async #write(batch: readonly JsMsg[]): Promise<void> {
    const submitted = batch.map((message) =>
      readMessage({
        subject: message.subject,
        body: parseJson(message),
        streamSeq: message.seq,
        arrivedAt: new Date(message.info.timestampNanos / 1_000_000),
      }),
    );
    for (const { service, event } of submitted)
      if (event.action === 'audit_refused')
        this.#options.logger.error({ service, details: event.details }, 'a service told an audit event that is none');
    const actors = await actorsOf(submitted, this.#options.truth);
    const now = new Date(this.#now());
    const entries = submitted.flatMap((one, at) => {
      const actor = actors[at];
      return actor === undefined ? [] : [entryOf(one, actor, now)];
    });
    this.#options.onWritten(await this.#options.chain.append(entries));
  }
}

const parseJson = (message: JsMsg): unknown => {
  try {
    return message.json();
  } catch {
    return undefined;
  }
};
