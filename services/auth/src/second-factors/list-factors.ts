import { type Connection, trusted } from 'mongoose';
import { accessTokenModel } from '../access-tokens/access-token.ts';
import { userModel } from '../accounts/user.ts';
import { inTransaction } from '../database/transaction.ts';
import { Outbox } from '../outbox/outbox.ts';
import { signinModel } from '../signins/signin.ts';

const batchSize = 200;

/** Has the entries of the allow-list written again for all sign-ins and tokens of users with a second factor. A step of the migrations. */
export const listFactors = async (connection: Connection): Promise<void> => {
  const outbox = new Outbox(connection);
  const found = userModel(connection)
    .find({ 'second_factor.totp': trusted({ $ne: null }) }, { _id: 1 })
    .lean()
    .cursor({ batchSize });
  for await (const { _id: user_id } of found) {
    const held = await Promise.all([
      signinModel(connection).find({ user_id }, { sid_hash: 1 }).lean().exec(),
      accessTokenModel(connection).find({ user_id }, { sid_hash: 1 }).lean().exec(),
    ]);
    const items = held.flat().map(({ sid_hash }) => ({ sid_hash, event: null }));
    await inTransaction(connection, (session) => outbox.add(items, new Date(), session));
  }
};
