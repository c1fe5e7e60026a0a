import { randomBytes } from 'node:crypto';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { AuditCheckpoint, checkpointStream, checkpointSubject } from '@webxterm/contracts/bus';
import { AppError, type Logger } from '@webxterm/shared';
import { MessageReader, type MessageReaderOptions, Refusals } from '@webxterm/shared/bus';

export interface CheckpointReaderOptions
  extends Pick<MessageReaderOptions<typeof AuditCheckpoint>, 'verifier' | 'unsignedUntil'> {
  readonly bus: NatsConnection;
  readonly logger: Logger;
}

export interface Checkpoints {
  readonly checkpoints: readonly AuditCheckpoint[];
  /** Messages in the stream that auth has not signed. They carry no information about the log. */
  readonly skipped: number;
}

/** A consumer without requests is deleted after this time, in ms. */
const inactiveMs = 60_000;

/** Ends when the stream or its consumer is gone. The client notices at the latest when two heartbeats are missing. Times in ms. */
const pulling = { abort_on_missing_resource: true, expires: 5000, idle_heartbeat: 1000 } as const;

/** Reads all checkpoints signed by auth. The stream may contain other bytes, which no client can delete. They are counted. */
export class CheckpointReader {
  readonly #options: CheckpointReaderOptions;

  constructor(options: CheckpointReaderOptions) {
    this.#options = options;
  }

  /** @throws AppError unavailable when the stream is lost meanwhile */
  async read(): Promise<Checkpoints> {
    const { bus, logger } = this.#options;
    const refusals = new Refusals(logger);
    const reader = new MessageReader({
      ...this.#options,
      channel: checkpointSubject,
      schema: AuditCheckpoint,
      refusals,
    });
    const manager = await jetstreamManager(bus, { checkAPI: false });
    // Reads all subjects: bytes that the server copied from another stream have the subject of that stream.
    const { name, num_pending } = await manager.consumers.add(checkpointStream.name, {
      name: randomBytes(12).toString('base64url'),
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.All,
      inactive_threshold: nanos(inactiveMs),
    });
    if (num_pending === 0) return { checkpoints: [], skipped: 0 };
    const consumer = await jetstream(bus).consumers.get(checkpointStream.name, name);
    const checkpoints: AuditCheckpoint[] = [];
    let skipped = 0;
    try {
      for await (const message of await consumer.consume(pulling)) {
        const checkpoint = reader.stored(message);
        if (checkpoint === undefined) skipped += 1;
        else checkpoints.push(checkpoint);
        if (message.info.pending === 0) return { checkpoints, skipped };
      }
    } catch (cause) {
      throw lost(cause);
    }
    throw lost();
  }
}

const lost = (cause?: unknown): AppError =>
  new AppError('unavailable', 'The stream of checkpoints was lost while it was read. Try again.', { cause });
