import type { authEvents } from '@webxterm/contracts/bus';
import { type ClientSession, type Connection, type Model, Schema, Types, trusted } from 'mongoose';
import type { z } from 'zod';

/** A fact to be told on the bus. */
export type AuthEvent = {
  [S in keyof typeof authEvents]: { subject: S; body: z.input<(typeof authEvents)[S]> };
}[keyof typeof authEvents];

/** Work on the bus that a committed change still owes: done, then deleted; repeated until then. */
export interface Owed {
  _id: Types.ObjectId;
  /** The allow-list's entry of this sign-in is to be made what the database says. */
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

/** What changes owe to the bus, kept in the transaction of the change, so that neither can be without the other. */
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

  /** The oldest first; those younger than `before` are still in the hands of the request that made them. */
  list(before: Date, limit: number): Promise<Owed[]> {
    return this.#owed
      .find({ created_at: trusted({ $lt: before }) })
      .sort({ created_at: 1 })
      .limit(limit)
      .lean<Owed[]>()
      .exec();
  }

  /** How many rows are owed, also those that a request is at work on. */
  count(): Promise<number> {
    return this.#owed.estimatedDocumentCount({ maxTimeMS: 1000 }).exec();
  }

  async done(ids: readonly Types.ObjectId[]): Promise<void> {
    await this.#owed.deleteMany({ _id: trusted({ $in: [...ids] }) }).exec();
  }
}
