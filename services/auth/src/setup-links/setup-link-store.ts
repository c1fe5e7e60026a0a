import { type ClientSession, type Connection, type Model, Schema, type Types, trusted } from 'mongoose';
import type { SetupLink } from './setup-link.ts';

const linkSchema = new Schema<SetupLink>(
  {
    _id: { type: Schema.Types.ObjectId, required: true },
    token_hash: { type: String, required: true },
    kind: { type: String, enum: ['setup', 'reset'], required: true },
    expires_at: { type: Date, required: true },
  },
  { versionKey: false, strict: 'throw' },
)
  .index({ token_hash: 1 }, { unique: true })
  .index({ expires_at: 1 }, { expireAfterSeconds: 0 });

/** The links collection. */
export class SetupLinkStore {
  readonly #links: Model<SetupLink>;

  constructor(connection: Connection) {
    this.#links = connection.model<SetupLink>('link', linkSchema, 'links');
  }

  /** Stores a link and replaces the user's earlier one. */
  async put(link: SetupLink, session: ClientSession): Promise<void> {
    await this.#links.replaceOne({ _id: link._id }, link, { upsert: true, session }).exec();
  }

  byHash(tokenHash: string, now: Date): Promise<SetupLink | null> {
    return this.#links
      .findOne({ token_hash: tokenHash, expires_at: trusted({ $gt: now }) })
      .lean<SetupLink>()
      .exec();
  }

  /** @returns false when the link was used, replaced or has expired: of two concurrent calls exactly one gets true */
  async take(tokenHash: string, now: Date, session: ClientSession): Promise<boolean> {
    const filter = { token_hash: tokenHash, expires_at: trusted({ $gt: now }) };
    return (await this.#links.deleteOne(filter, { session }).exec()).deletedCount === 1;
  }

  /** Deletes the link of a user whose password was changed or who was deleted. */
  async forget(userId: Types.ObjectId, session: ClientSession): Promise<void> {
    await this.#links.deleteOne({ _id: userId }, { session }).exec();
  }
}
