import { type Connection, type Model, Schema } from 'mongoose';

interface Mark {
  _id: string;
  since: Date;
}

const schema = new Schema<Mark>({ _id: String, since: { type: Date, required: true } }, { versionKey: false });
const markModel = (connection: Connection): Model<Mark> => connection.model<Mark>('mark', schema, 'marks');

/** How long services of the version before may run beside the first of this one: the time of a rolling upgrade, ms. */
const upgradeMs = 3_600_000;
const markId = 'messages_signed';

/**
 * Notes, once, when the first service of a version that signs started; a service without anything in its database was never of a version
 * before. A step of its migrations. ADR 20.
 */
export const noteSigning = async (connection: Connection, used: Pick<Model<unknown>, 'exists'>): Promise<void> => {
  const since = (await used.exists({}).exec()) === null ? new Date(0) : new Date();
  await markModel(connection).updateOne({ _id: markId }, { $setOnInsert: { since } }, { upsert: true }).exec();
};

/**
 * Until when messages without a signature count, ms since 1970: an hour after what `noteSigning` noted. Where it noted nothing yet, no
 * service of a version that signs has started.
 */
export const unsignedUntil = async (connection: Connection): Promise<number> => {
  const mark = await markModel(connection).findById(markId).lean<Mark>().exec();
  return (mark?.since.getTime() ?? Date.now()) + upgradeMs;
};
