import { AppError } from '@webxterm/shared';
import { duplicateIndexKey, pageOf, readCursor, rowsBehind } from '@webxterm/shared/mongo';
import { type ClientSession, type Connection, type Model, Types, trusted } from 'mongoose';
import type { StoredApiKey } from '../api-keys/api-key.ts';
import { foldEmail, foldUsername, storedUsername } from './names.ts';
import { type User, userModel } from './user.ts';

export interface UserPage {
  readonly page: number;
  /** Where the page begins, in place of its number. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** Of a user who was read a while ago: what a later transaction must find unchanged. */
export type VerifiedUser = Pick<User, '_id' | 'password_hash'>;

/** The users collection. */
export class UserStore {
  readonly #users: Model<User>;

  constructor(connection: Connection) {
    this.#users = userModel(connection);
  }

  byId(id: string, session?: ClientSession): Promise<User | null> {
    return this.#users
      .findById(new Types.ObjectId(id))
      .session(session ?? null)
      .lean<User>()
      .exec();
  }

  byIds(ids: readonly string[]): Promise<User[]> {
    return this.#users
      .find({ _id: trusted({ $in: ids.map((id) => new Types.ObjectId(id)) }) })
      .lean<User[]>()
      .exec();
  }

  byEmail(email: string): Promise<User | null> {
    return this.#users
      .findOne({ email_lower: foldEmail(email) })
      .lean<User>()
      .exec();
  }

  byUsername(username: string): Promise<User | null> {
    return this.#users
      .findOne({ username_folded: foldUsername(username) })
      .lean<User>()
      .exec();
  }

  byApiKeyIndexes(indexes: readonly string[]): Promise<User | null> {
    return this.#users
      .findOne({ 'api_key.index': trusted({ $in: [...indexes] }) })
      .lean<User>()
      .exec();
  }

  hasAdmin(): Promise<boolean> {
    return this.#users
      .exists({ role: 'admin', disabled: false })
      .exec()
      .then((found) => found !== null);
  }

  /** @throws AppError email_taken, username_taken: of two at once exactly one gets through */
  async insert(user: User, session: ClientSession): Promise<void> {
    try {
      await this.#users.create([user], { session });
    } catch (error) {
      throw takenError(error);
    }
  }

  /**
   * Changes what is named. A username that stays is left out: it may look like that of another user from before this was refused.
   * @throws AppError email_taken, username_taken
   */
  async rename(
    id: Types.ObjectId,
    { username, email }: Partial<Pick<User, 'username' | 'email'>>,
    session: ClientSession,
  ): Promise<void> {
    const change = {
      ...(username === undefined ? {} : storedUsername(username)),
      ...(email === undefined ? {} : { email, email_lower: foldEmail(email) }),
    };
    await this.#users
      .updateOne({ _id: id }, { $set: change }, { session })
      .exec()
      .catch((error: unknown) => {
        throw takenError(error);
      });
  }

  /** In the order of their ids. */
  withoutSkeletons(after: Types.ObjectId | null, limit: number): Promise<Pick<User, '_id' | 'username'>[]> {
    const rest = after === null ? {} : { _id: trusted({ $gt: after }) };
    return this.#users
      .find({ username_skeletons: trusted({ $exists: false }), ...rest }, { username: 1 })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Pick<User, '_id' | 'username'>[]>()
      .exec();
  }

  /** @returns false when the name of another user has one of these skeletons: nothing is added */
  async addSkeletons(user: Pick<User, '_id' | 'username'>, skeletons: readonly string[]): Promise<boolean> {
    try {
      await this.#users
        .updateOne(
          // Renamed meanwhile: the rename stored the skeletons.
          { _id: user._id, username: user.username },
          { $addToSet: { username_skeletons: { $each: [...skeletons] } } },
        )
        .exec();
      return true;
    } catch (error) {
      if (duplicateIndexKey(error) === 'username_skeletons') return false;
      throw error;
    }
  }

  /** In the order of their ids. */
  names(after: Types.ObjectId | null, limit: number): Promise<Pick<User, '_id' | 'username' | 'username_key'>[]> {
    const rest = after === null ? {} : { _id: trusted({ $gt: after }) };
    return this.#users
      .find(rest, { username: 1, username_key: 1 })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Pick<User, '_id' | 'username' | 'username_key'>[]>()
      .exec();
  }

  async setKeys(users: readonly Pick<User, '_id' | 'username' | 'username_key'>[]): Promise<void> {
    const writes = users.map(({ _id, username, username_key }) => ({
      // Renamed meanwhile: the rename stored the key.
      updateOne: { filter: { _id, username }, update: { $set: { username_key } } },
    }));
    if (writes.length > 0) await this.#users.bulkWrite(writes, { ordered: false });
  }

  async closeSignup(id: Types.ObjectId): Promise<void> {
    await this.#users.updateOne({ _id: id }, { $set: { signup_open_until: null } }).exec();
  }

  /**
   * The user whose password was verified outside of this transaction, if that still stands: the account is there, enabled, and has the
   * same password. The row is written to, so that of this transaction and one that changes the user one fails and starts again.
   * @returns the user as the transaction has it; null when what was verified does not stand any more
   */
  confirmVerified(user: VerifiedUser, session: ClientSession, upgraded?: string): Promise<User | null> {
    const upgrade = upgraded === undefined ? {} : { $set: { password_hash: upgraded } };
    return this.#users
      .findOneAndUpdate(
        { _id: user._id, password_hash: user.password_hash, disabled: false },
        { $inc: { guard: 1 }, ...upgrade },
        { session, returnDocument: 'after' },
      )
      .lean<User>()
      .exec();
  }

  async setAvatar(id: Types.ObjectId, url: string | null, session: ClientSession): Promise<void> {
    await this.#users.updateOne({ _id: id }, { $set: { avatar_url: url } }, { session }).exec();
  }

  /** @returns false when another key has taken the place of `oldKeyId` meanwhile */
  async replaceApiKey(id: string, oldKeyId: string, key: StoredApiKey, session?: ClientSession): Promise<boolean> {
    const result = await this.#users
      .updateOne({ _id: new Types.ObjectId(id), 'api_key.key_id': oldKeyId }, { $set: { api_key: key } })
      .session(session ?? null)
      .exec();
    return result.matchedCount === 1;
  }

  async markApiKeyUsed(id: Types.ObjectId, keyId: string, at: Date, ip: string | null): Promise<void> {
    await this.#users
      .updateOne(
        { _id: id, 'api_key.key_id': keyId },
        { $set: { 'api_key.last_used_at': at, 'api_key.last_used_ip': ip } },
      )
      .exec();
  }

  /** @returns the user as changed; null when the password was changed meanwhile, or the account is gone */
  changePassword(user: VerifiedUser, hash: string, session: ClientSession): Promise<User | null> {
    return this.#users
      .findOneAndUpdate(
        { _id: user._id, password_hash: user.password_hash },
        { $set: { password_hash: hash } },
        { session, returnDocument: 'after' },
      )
      .lean<User>()
      .exec();
  }

  /** By username; `search` is a part of username or e-mail address in any case. */
  async page(
    search: string,
    { page, cursor, limit }: UserPage,
  ): Promise<{ users: User[]; total: number; next: string | null }> {
    const part = trusted({ $regex: escapeRegex(foldUsername(search)) });
    const filter = search === '' ? {} : { $or: [{ username_folded: part }, { email_lower: part }] };
    const behind = cursor === undefined ? {} : rowsBehind('username_key', readCursor(cursor));
    const [found, total] = await Promise.all([
      this.#users
        .find({ $and: [filter, behind] })
        .sort({ username_key: 1, _id: 1 })
        .skip(cursor === undefined ? (page - 1) * limit : 0)
        .limit(limit + 1)
        .lean<User[]>()
        .exec(),
      this.#users.countDocuments(filter).exec(),
    ]);
    const { rows, next } = pageOf(found, limit, ({ username_key, _id }) => ({ key: username_key ?? '', id: _id }));
    return { users: rows, total, next };
  }

  /** How many enabled administrators there are beside this user. Two transactions that ask conflict, and one of them starts again. */
  async otherAdmins(id: Types.ObjectId, session: ClientSession): Promise<number> {
    await this.#users.updateMany({ role: 'admin' }, { $inc: { guard: 1 } }, { session }).exec();
    return this.countOtherAdmins(id, session);
  }

  /** Those who have no password yet cannot sign in, and do not count. */
  countOtherAdmins(id: Types.ObjectId, session?: ClientSession): Promise<number> {
    return this.#users
      .countDocuments({
        _id: trusted({ $ne: id }),
        role: 'admin',
        disabled: false,
        password_hash: trusted({ $ne: null }),
      })
      .session(session ?? null)
      .exec();
  }

  /** The user, whom no other transaction can change, delete or sign in at the same time. */
  guard(id: string, session: ClientSession): Promise<User | null> {
    return this.#users
      .findOneAndUpdate({ _id: new Types.ObjectId(id) }, { $inc: { guard: 1 } }, { session, returnDocument: 'after' })
      .lean<User>()
      .exec();
  }

  async change(
    id: Types.ObjectId,
    change: Partial<Pick<User, 'role' | 'disabled'>>,
    session: ClientSession,
  ): Promise<void> {
    await this.#users.updateOne({ _id: id }, { $set: change }, { session }).exec();
  }

  async delete(id: Types.ObjectId, session: ClientSession): Promise<void> {
    await this.#users.deleteOne({ _id: id }, { session }).exec();
  }
}

/** What a duplicate key means to people. */
const takenError = (error: unknown): unknown => {
  const index = duplicateIndexKey(error);
  if (index === 'email_lower') return new AppError('email_taken', undefined, { cause: error });
  if (index === 'username_folded' || index === 'username_skeletons')
    return new AppError('username_taken', undefined, { cause: error });
  return error;
};

const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
