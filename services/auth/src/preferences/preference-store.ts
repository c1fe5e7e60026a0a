import type { Preferences } from '@webxterm/contracts/rest';
import { type ClientSession, type Connection, type Model, Schema, type Types } from 'mongoose';

interface StoredPreferences {
  /** The user. */
  _id: Types.ObjectId;
  /** JSON, because names and values are those of the page. */
  terminal: string;
}

const preferencesSchema = new Schema<StoredPreferences>(
  { _id: { type: Schema.Types.ObjectId, required: true }, terminal: { type: String, required: true } },
  { versionKey: false, strict: 'throw' },
);

/** The preferences collection: the settings of a user for every browser. */
export class PreferenceStore {
  readonly #preferences: Model<StoredPreferences>;

  constructor(connection: Connection) {
    this.#preferences = connection.model<StoredPreferences>('preferences', preferencesSchema, 'preferences');
  }

  async ofUser(userId: string): Promise<Preferences> {
    const found = await this.#preferences.findById(userId).lean<StoredPreferences>().exec();
    return { terminal: found === null ? null : JSON.parse(found.terminal) };
  }

  async put(userId: Types.ObjectId, { terminal }: Preferences, session: ClientSession): Promise<void> {
    if (terminal === null) return this.forget(userId, session);
    await this.#preferences
      .updateOne({ _id: userId }, { $set: { terminal: JSON.stringify(terminal) } }, { session, upsert: true })
      .exec();
  }

  async forget(userId: Types.ObjectId, session: ClientSession): Promise<void> {
    await this.#preferences.deleteOne({ _id: userId }, { session }).exec();
  }
}
