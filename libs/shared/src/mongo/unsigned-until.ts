import { type Connection, type Model, Schema } from 'mongoose';

interface Mark {
  _id: string;
  since: Date;
}

const schema = new Schema<Mark>({ _id: String, since: { type: Date, required: true } }, { versionKey: false });
const markModel = (connection: Connection): Model<Mark> => connection.model<Mark>('mark', schema, 'marks');

/** How long services of the previous version may run beside the first one of this version, in ms: the time of a rolling upgrade. */
const upgradeMs = 3_600_000;
const markId = 'messages_signed';

/**
 * Records, once, when the first service that signs messages started. A service with an empty database had no previous version, so for it
 * unsigned messages never count. It is a step of the migrations. ADR 20.
 */
export const noteSigning = async (connection: Connection, used: Pick<Model<unknown>, 'exists'>): Promise<void> => {
  const since = (await used.exists({}).exec()) === null ? new Date(0) : new Date();
  await markModel(connection).updateOne({ _id: markId }, { $setOnInsert: { since } }, { upsert: true }).exec();
};

/**
 * The time until which unsigned messages count, in ms since 1970: an hour after the time recorded by `noteSigning`. Without a record, no
 * service that signs has started yet.
 */
export const unsignedUntil = async (connection: Connection): Promise<number> => {
  const mark = await markModel(connection).findById(markId).lean<Mark>().exec();
  return (mark?.since.getTime() ?? Date.now()) + upgradeMs;
};
