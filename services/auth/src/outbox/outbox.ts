import type { authEvents } from '@webxterm/contracts/bus';
import { type ClientSession, type Connection, type Model, Schema, Types, trusted } from 'mongoose';
import type { z } from 'zod';

/** An event to publish on the bus. */
export type AuthEvent = {
  [S in keyof typeof authEvents]: { subject: S; body: z.input<(typeof authEvents)[S]> };
}[keyof typeof authEvents];

/** Pending work on the bus for a committed change. It is repeated until it succeeds, then deleted. */
export interface Owed {
  _id: Types.ObjectId;
  /** The sign-in whose allow-list entry must be made equal to the database. */
  sid_hash: string | null;
  event: AuthEvent | null;
  created_at: Date;
}

const owedSchema = new Schema<Owed>(
  {
    sid_hash: { type: String, default: null },
    event: { type: new Schema({ subject: String, body: Schema.Types.Mixed }, { _id: false }), default: null },
    created_at: { type: Date, required: true },
  },
  { versionKey: false, strict: 'throw' },
).index({ created_at: 1 });

/** The pending work of changes, stored in the transaction of the change, so that both are committed or neither is. */
export class Outbox {
  readonly #owed: Model<Owed>;

  constructor(connection: Connection) {
    this.#owed = connection.model<Owed>('outbox', owedSchema, 'signins_outbox');
  }

  async add(items: readonly Pick<Owed, 'sid_hash' | 'event'>[], at: Date, session: ClientSession): Promise<Owed[]> {
    const rows = items.map((item) => ({ ...item, _id: new Types.ObjectId(), created_at: at }));
    if (rows.length > 0) await this.#owed.insertMany(rows, { session });
    return rows;
  }

  /** The rows older than `before`, oldest first. The request that made them still works on younger ones. */
  list(before: Date, limit: number): Promise<Owed[]> {
    return this.#owed
      .find({ created_at: trusted({ $lt: before }) })
      .sort({ created_at: 1 })
      .limit(limit)
      .lean<Owed[]>()
      .exec();
  }

  /** The number of pending rows, including those that a request works on. */
  count(): Promise<number> {
    return this.#owed.estimatedDocumentCount({ maxTimeMS: 1000 }).exec();
  }

  async done(ids: readonly Types.ObjectId[]): Promise<void> {
    await this.#owed.deleteMany({ _id: trusted({ $in: [...ids] }) }).exec();
  }
}
