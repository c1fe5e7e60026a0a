import { AuditEvent } from '@webxterm/contracts/bus';
import { type ClientSession, type Connection, type Model, Schema, trusted } from 'mongoose';
import { AppError } from '../errors.ts';

/** An event that the stream has not acknowledged yet. */
interface Waiting {
  /** The event's id. */
  _id: string;
  event: AuditEvent;
  /** When whoever put it here has had time enough: from then on any instance sends it. */
  due_at: Date;
}

const schema = new Schema<Waiting>(
  { _id: String, event: { type: Schema.Types.Mixed, required: true }, due_at: { type: Date, required: true } },
  { versionKey: false, strict: 'throw', minimize: false },
).index({ due_at: 1 });

/** Events that wait at most: some 100 MB. Beyond it what must be audited answers 503. */
export const maxWaiting = 100_000;

/**
 * Events that wait in the service's own database: those of a transaction, until it commits and they are sent; those of an action
 * that is under way; and all of them while NATS is away.
 */
export class AuditOutbox {
  readonly #waiting: Model<Waiting>;
  readonly #limit: number;
  #full = false;

  constructor(connection: Connection, limit = maxWaiting) {
    this.#waiting = connection.model<Waiting>('audit_outbox', schema, 'audit_outbox');
    this.#limit = limit;
  }

  /** Within a transaction, the events are there when it commits and never were when it does not. @throws AppError unavailable when full */
  async add(events: readonly AuditEvent[], dueAt: Date, session?: ClientSession): Promise<void> {
    if (this.#full) throw full();
    const rows = events.map((event) => ({ _id: event.event_id, event, due_at: dueAt }));
    if (rows.length > 0) await this.#waiting.insertMany(rows, session === undefined ? {} : { session });
  }

  /** Puts it in, or in place of what waits under its id. @throws AppError unavailable when full */
  async put(event: AuditEvent, dueAt: Date): Promise<void> {
    if (this.#full) throw full();
    await this.#waiting.replaceOne({ _id: event.event_id }, { event, due_at: dueAt }, { upsert: true }).exec();
  }

  /** What is due, the oldest first. */
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

  /** Looks whether there is room. @returns how many wait */
  async count(): Promise<number> {
    const count = await this.#waiting.estimatedDocumentCount().exec();
    this.#full = count >= this.#limit;
    return count;
  }
}

const full = (): AppError =>
  new AppError('unavailable', 'The audit log cannot take more right now, so nothing may be done that it must show.');
