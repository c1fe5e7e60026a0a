import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { auditConsumer, auditStream } from '@webxterm/contracts/bus';
import { parseJson } from '@webxterm/contracts/json';
import { type Logger, reasonOf, type Shutdown } from '@webxterm/shared';
import { StreamFollower } from '@webxterm/shared/bus';
import { type ActorLookup, actorsOf } from './actor.ts';
import type { ChainStore } from './chain-store.ts';
import { entryOf, readMessage } from './entry.ts';

export interface AuditWriterOptions {
  readonly bus: NatsConnection;
  readonly chain: Pick<ChainStore, 'append'>;
  readonly lookup: ActorLookup;
  readonly logger: Logger;
  /** Called after each batch with the number of new rows. */
  readonly onWritten: (count: number) => void;
  /** Called with false while the stream cannot be read. */
  readonly onCurrent?: (current: boolean) => void;
  readonly now?: () => number;
}

const batchSize = 200;
/** Messages delivered and not yet written, over all instances. */
const maxPending = 2000;
/** If an instance dies with a batch, another one gets it after this time, in ms. */
const ackWaitMs = 10_000;
const againMs = 1000;

/** Writes the events of the AUDIT stream into the chain: at least once from the stream, exactly once in the log. */
export class AuditWriter {
  readonly #options: AuditWriterOptions;
  readonly #now: () => number;
  readonly #follower: StreamFollower;
  #queue: JsMsg[] = [];
  #pumping: Promise<void> | undefined;

  constructor(options: AuditWriterOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#follower = new StreamFollower({
      bus: options.bus,
      logger: options.logger,
      stream: auditStream.name,
      durable: auditConsumer,
      ackWaitMs,
      batch: batchSize,
      maxPending,
      onMessage: (message) => this.#enqueue(message),
      ...(options.onCurrent === undefined ? {} : { onCurrent: options.onCurrent }),
    });
  }

  start(shutdown: Shutdown): void {
    this.#follower.start();
    shutdown.add('work', 'audit writer', async () => {
      await this.#follower.stop();
      await this.#pumping;
    });
  }

  #enqueue(message: JsMsg): void {
    this.#queue.push(message);
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
    });
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, batchSize);
      try {
        await this.#write(batch);
        for (const message of batch) message.ack();
      } catch (error) {
        const reason = reasonOf(error);
        this.#options.logger.warn({ reason, count: batch.length }, 'audit events cannot be written yet, retrying');
        for (const message of batch) message.nak(againMs);
      }
    }
  }

  async #write(batch: readonly JsMsg[]): Promise<void> {
    const submitted = batch.map((message) =>
      readMessage({
        subject: message.subject,
        body: parseJson(message.string()),
        streamSeq: message.seq,
        arrivedAt: new Date(message.info.timestampNanos / 1_000_000),
      }),
    );
    for (const { service, event } of submitted)
      if (event.action === 'audit_refused')
        this.#options.logger.error(
          { publisher: service, details: event.details },
          'a service published an invalid audit event',
        );
    const actors = await actorsOf(submitted, this.#options.lookup);
    const now = new Date(this.#now());
    const entries = submitted.flatMap((one, at) => {
      const actor = actors[at];
      return actor === undefined ? [] : [entryOf(one, actor, now)];
    });
    this.#options.onWritten(await this.#options.chain.append(entries));
  }
}
