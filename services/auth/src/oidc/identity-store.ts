import { AppError } from '@webxterm/shared';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import { type ClientSession, type Connection, type Model, type Types, trusted } from 'mongoose';
import { type User, userModel } from '../accounts/user.ts';
import { maxIdentities, type StoredIdentity } from './identity.ts';

/** The linked sign-ins in the rows of users. */
export class IdentityStore {
  readonly #users: Model<User>;

  constructor(connection: Connection) {
    this.#users = userModel(connection);
  }

  byKey(key: string): Promise<User | null> {
    return this.#users.findOne({ 'identities.key': key }).lean<User>().exec();
  }

  /** @returns false when it was unlinked meanwhile */
  async use(id: Types.ObjectId, key: string, at: Date, session: ClientSession): Promise<boolean> {
    const result = await this.#users
      .updateOne({ _id: id, 'identities.key': key }, { $set: { 'identities.$.last_used_at': at } }, { session })
      .exec();
    return result.matchedCount === 1;
  }

  /** @throws AppError conflict when it is linked with an account, or the account has too many */
  async link(user: User, identity: StoredIdentity, session: ClientSession): Promise<void> {
    const linked = user.identities ?? [];
    if (linked.some(({ key }) => key === identity.key)) throw linkedAlready();
    if (linked.length >= maxIdentities)
      throw new AppError('conflict', `Your account is linked with ${maxIdentities} sign-ins. Unlink one first.`);
    try {
      await this.#users.updateOne({ _id: user._id }, { $push: { identities: identity } }, { session }).exec();
    } catch (error) {
      throw duplicateIndexKey(error) === undefined ? error : linkedAlready();
    }
  }

  async unlink(id: Types.ObjectId, identity: string, session: ClientSession): Promise<void> {
    await this.#users.updateOne({ _id: id }, { $pull: { identities: trusted({ id: identity }) } }, { session }).exec();
  }
}

const linkedAlready = (): AppError =>
  new AppError('conflict', 'This sign-in at the provider is linked with an account already.');
