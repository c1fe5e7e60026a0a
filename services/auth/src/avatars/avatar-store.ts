import { type ClientSession, type Connection, type Model, Schema, type Types } from 'mongoose';

interface Avatar {
  /** Part of the picture's URL. */
  _id: string;
  user_id: Types.ObjectId;
  png: Buffer;
}

const avatarSchema = new Schema<Avatar>(
  {
    _id: { type: String, required: true },
    user_id: { type: Schema.Types.ObjectId, required: true },
    png: { type: Buffer, required: true },
  },
  { versionKey: false, strict: 'throw' },
).index({ user_id: 1 }, { unique: true });

/** The avatars collection: at most one picture per user. */
export class AvatarStore {
  readonly #avatars: Model<Avatar>;

  constructor(connection: Connection) {
    this.#avatars = connection.model<Avatar>('avatar', avatarSchema, 'avatars');
  }

  async png(id: string): Promise<Buffer | undefined> {
    const found = await this.#avatars.findById(id).exec();
    return found === null ? undefined : Buffer.from(found.png);
  }

  async put(id: string, userId: Types.ObjectId, png: Buffer, session: ClientSession): Promise<void> {
    await this.forget(userId, session);
    await this.#avatars.create([{ _id: id, user_id: userId, png }], { session });
  }

  async forget(userId: Types.ObjectId, session: ClientSession): Promise<void> {
    await this.#avatars.deleteOne({ user_id: userId }, { session }).exec();
  }
}
