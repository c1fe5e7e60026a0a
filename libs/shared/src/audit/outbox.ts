import { AuditEvent } from '@webxterm/contracts/bus';
import { type ClientSession, type Connection, type Model, Schema, trusted } from 'mongoose';
import { AppError } from '../errors.ts';

/** An event that the stream has not acknowledged. */
interface Waiting {
  /** The event's id. */
  _id: string;
  event: AuditEvent;
  /** The end of the time that the writer has to send the event itself. From then on any instance sends it. */
  due_at: Date;
}

const schema = new Schema<Waiting>(
  { _id: String, event: { type: Schema.Types.Mixed, required: true }, due_at: { type: Date, required: true } },
  { versionKey: false, strict: 'throw', minimize: false },
).index({ due_at: 1 });

/** The maximum number of waiting events, about 100 MB. Above it, actions that must be audited answer 503. */
export const maxWaiting = 100_000;

/**
 * The audit events in the service's own database: those of a transaction until they are sent after its commit, those of an action in
 * progress, and all of them while NATS is unavailable.
 */
export class AuditOutbox {
  readonly #waiting: Model<Waiting>;
  readonly #limit: number;
  #full = false;

  constructor(connection: Connection, limit = maxWaiting) {
    this.#waiting = connection.model<Waiting>('audit_outbox', schema, 'audit_outbox');
    this.#limit = limit;
  }

  /** With `session`, the events exist only if the transaction commits. @throws AppError unavailable when full */
  async add(events: readonly AuditEvent[], dueAt: Date, session?: ClientSession): Promise<void> {
    if (this.#full) throw full();
    const rows = events.map((event) => ({ _id: event.event_id, event, due_at: dueAt }));
    if (rows.length > 0) await this.#waiting.insertMany(rows, session === undefined ? {} : { session });
  }

  /** Stores an event, or replaces the waiting event with the same id. @throws AppError unavailable when full */
  async put(event: AuditEvent, dueAt: Date): Promise<void> {
    if (this.#full) throw full();
    await this.#waiting.replaceOne({ _id: event.event_id }, { event, due_at: dueAt }, { upsert: true }).exec();
  }

  /** The events that are due, oldest first. */
  async due(at: Date, limit: number): Promise<AuditEvent[]> {
    const rows = await this.#waiting
      .find({ due_at: trusted({ $lte: at }) })
      .sort({ due_at: 1 })
      .limit(limit)
      .lean<Waiting[]>()
      .exec();
    return rows.map((row) => AuditEvent.parse(row.event));
  }

  async done(eventIds: readonly string[]): Promise<void> {
    await this.#waiting.deleteMany({ _id: trusted({ $in: [...eventIds] }) }).exec();
  }

  /** Counts the waiting events and updates whether the outbox is full. @returns the estimated count */
  async count(): Promise<number> {
    const count = await this.#waiting.estimatedDocumentCount().exec();
    this.#full = count >= this.#limit;
    return count;
  }
}

const full = (): AppError =>
  new AppError(
    'unavailable',
    'The audit log is full right now, so actions that must be audited are not possible. Try again shortly.',
  );
