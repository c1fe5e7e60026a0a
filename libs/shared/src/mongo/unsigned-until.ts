import { type Connection, type Model, Schema } from 'mongoose';

interface Mark {
  _id: string;
  since: Date;
}

const schema = new Schema<Mark>({ _id: String, since: { type: Date, required: true } }, { versionKey: false });

/** How long services of the version before may run beside the first of this one: the time of a rolling upgrade, ms. */
const upgradeMs = 3_600_000;
const markId = 'messages_signed';

/**
 * Until when messages without a signature count, ms since 1970: an hour after the first service of a version that signs started. A
 * service without anything in its database was never of a version before: for it they never count. ADR 20.
 */
export const unsignedUntil = async (connection: Connection, used: Pick<Model<unknown>, 'exists'>): Promise<number> => {
  const marks = connection.model<Mark>('mark', schema, 'marks');
  const known = await marks.findById(markId).lean<Mark>().exec();
  if (known !== null) return known.since.getTime() + upgradeMs;
  const since = (await used.exists({}).exec()) === null ? new Date(0) : new Date();
  const mark = await marks
    .findByIdAndUpdate(markId, { $setOnInsert: { since } }, { upsert: true, returnDocument: 'after' })
    .lean<Mark>()
    .exec();
  return (mark?.since ?? since).getTime() + upgradeMs;
};
