import type { KeptWorkspace, Preferences, Workspace } from '@webxterm/contracts/rest';
import { type ClientSession, type Connection, type Model, Schema, type Types } from 'mongoose';

interface StoredPreferences {
  /** The user. */
  _id: Types.ObjectId;
  /** JSON, because names and values are those of the page. Missing: the user has changed none. */
  terminal?: string;
  /** Missing: no browser has stored its tabs. */
  workspace?: { tabs: string; user_agent: string; stored_at: Date };
}

const preferencesSchema = new Schema<StoredPreferences>(
  {
    _id: { type: Schema.Types.ObjectId, required: true },
    terminal: String,
    workspace: { type: new Schema({ tabs: String, user_agent: String, stored_at: Date }, { _id: false }) },
  },
  { versionKey: false, strict: 'throw' },
);

/** The preferences collection: what a user has in every browser, the settings and the tabs of terminals. */
export class PreferenceStore {
  readonly #preferences: Model<StoredPreferences>;

  constructor(connection: Connection) {
    this.#preferences = connection.model<StoredPreferences>('preferences', preferencesSchema, 'preferences');
  }

  async ofUser(userId: string): Promise<Preferences> {
    const { terminal } = (await this.#of(userId)) ?? {};
    return { terminal: terminal === undefined ? null : JSON.parse(terminal) };
  }

  async put(userId: Types.ObjectId, { terminal }: Preferences, session: ClientSession): Promise<void> {
    const change = terminal === null ? { $unset: { terminal: 1 } } : { $set: { terminal: JSON.stringify(terminal) } };
    await this.#change(userId, change, session);
  }

  async workspaceOf(userId: string): Promise<KeptWorkspace | null> {
    const { workspace } = (await this.#of(userId)) ?? {};
    if (workspace === undefined) return null;
    const { tabs, user_agent, stored_at } = workspace;
    return { ...JSON.parse(tabs), user_agent, stored_at: stored_at.toISOString() };
  }

  /** Replaces the tabs that another browser has stored. */
  async putWorkspace(
    userId: Types.ObjectId,
    { workspace, userAgent, at }: { workspace: Workspace; userAgent: string; at: Date },
    session: ClientSession,
  ): Promise<void> {
    const stored = { tabs: JSON.stringify(workspace), user_agent: userAgent.slice(0, 256), stored_at: at };
    await this.#change(userId, { $set: { workspace: stored } }, session);
  }

  async forget(userId: Types.ObjectId, session: ClientSession): Promise<void> {
    await this.#preferences.deleteOne({ _id: userId }, { session }).exec();
  }

  async #of(userId: string): Promise<StoredPreferences | null> {
    return this.#preferences.findById(userId).lean<StoredPreferences>().exec();
  }

  async #change(userId: Types.ObjectId, change: object, session: ClientSession): Promise<void> {
    await this.#preferences.updateOne({ _id: userId }, change, { session, upsert: true }).exec();
  }
}
