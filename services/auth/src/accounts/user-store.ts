import { listUsers } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { duplicateIndexKey, escapeRegex, listMark, pageOf, readCursor, rowsBehind } from '@webxterm/shared/mongo';
import { type ClientSession, type Connection, type Model, Types, trusted } from 'mongoose';
import type { StoredApiKey } from '../api-keys/api-key.ts';
import { foldEmail, foldUsername, storedUsername } from './names.ts';
import { type User, userModel } from './user.ts';

export interface UserPage {
  readonly page: number;
  /** The start of the page, in place of its number. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** The parts of an earlier read that a later transaction must find unchanged. */
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

  /** The user with a passkey, by the id of its credential. */
  byPasskey(credential: string): Promise<User | null> {
    return this.#users.findOne({ 'second_factor.passkeys.credential': credential }).lean<User>().exec();
  }

  byApiKeyIndexes(indexes: readonly string[]): Promise<User | null> {
    return this.#users
      .findOne({ 'api_key.index': trusted({ $in: [...indexes] }) })
      .lean<User>()
      .exec();
  }

  /** The number of enabled accounts without a second factor: administrators, and all. */
  async withoutFactor(): Promise<{ admins: number; everyone: number }> {
    const filter = { disabled: false, ...withoutFactor };
    const [admins, everyone] = await Promise.all([
      this.#users.countDocuments({ ...filter, role: 'admin' }).exec(),
      this.#users.countDocuments(filter).exec(),
    ]);
    return { admins, everyone };
  }

  hasAdmin(): Promise<boolean> {
    return this.#users
      .exists({ role: 'admin', disabled: false })
      .exec()
      .then((found) => found !== null);
  }

  /** @throws AppError email_taken, username_taken: of two concurrent inserts exactly one succeeds */
  async insert(user: User, session: ClientSession): Promise<void> {
    try {
      await this.#users.create([user], { session });
    } catch (error) {
      throw takenError(error);
    }
  }

  /**
   * Changes the given fields. The caller must omit an unchanged username, because one from before the check of similar names may look like
   * that of another user.
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

  /** Users without skeletons, ordered by id. */
  withoutSkeletons(after: Types.ObjectId | null, limit: number): Promise<Pick<User, '_id' | 'username'>[]> {
    const rest = after === null ? {} : { _id: trusted({ $gt: after }) };
    return this.#users
      .find({ username_skeletons: trusted({ $exists: false }), ...rest }, { username: 1 })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Pick<User, '_id' | 'username'>[]>()
      .exec();
  }

  /** @returns false when the name of another user has one of these skeletons, in which case nothing is added */
  async addSkeletons(user: Pick<User, '_id' | 'username'>, skeletons: readonly string[]): Promise<boolean> {
    try {
      await this.#users
        .updateOne(
          // A user renamed in the meantime does not match. The rename stored the skeletons.
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

  /** The names and sort keys of users, ordered by id. */
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
      // A user renamed in the meantime does not match. The rename stored the key.
      updateOne: { filter: { _id, username }, update: { $set: { username_key } } },
    }));
    if (writes.length > 0) await this.#users.bulkWrite(writes, { ordered: false });
  }

  async closeSignup(id: Types.ObjectId): Promise<void> {
    await this.#users.updateOne({ _id: id }, { $set: { signup_open_until: null } }).exec();
  }

  /**
   * The user whose password was verified outside of this transaction, if the account still exists, is enabled and has the same password. It
   * writes to the row, so that a concurrent transaction that changes the user conflicts with this one, and one of them is retried.
   * @returns the user as this transaction sees it; null when the verification is no longer valid
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

  /** @returns false when another key has replaced `oldKeyId` in the meantime */
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

  /** @returns the changed user; null when the password was changed in the meantime, or the account does not exist */
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

  /** A page of users ordered by username. `search` is a part of username or e-mail address, in any case. */
  async page(
    search: string,
    { page, cursor, limit }: UserPage,
  ): Promise<{ users: User[]; total: number; next: string | null }> {
    const mark = listMark(listUsers.id, { search });
    const part = trusted({ $regex: escapeRegex(foldUsername(search)) });
    const filter = search === '' ? {} : { $or: [{ username_folded: part }, { email_lower: part }] };
    const behind = cursor === undefined ? {} : rowsBehind('username_key', readCursor(cursor, mark));
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
    const { rows, next } = pageOf(found, limit, mark, ({ username_key, _id }) => ({
      key: username_key ?? '',
      id: _id,
    }));
    return { users: rows, total, next };
  }

  /** The number of other enabled administrators. Two transactions that call this conflict, and one of them is retried. */
  async otherAdmins(id: Types.ObjectId, session: ClientSession): Promise<number> {
    await this.#users.updateMany({ role: 'admin' }, { $inc: { guard: 1 } }, { session }).exec();
    return this.countOtherAdmins(id, session);
  }

  /** Administrators without a password do not count: they sign in only while their provider lets them. */
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

  /** The user. No other transaction can change or delete the user, or sign the user in, at the same time. */
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

/** As `hasSecondFactor`, negated. */
const withoutFactor = {
  'second_factor.totp': null,
  'second_factor.passkeys.0': trusted({ $exists: false }),
};

/** Maps a duplicate key to the error for the client. */
const takenError = (error: unknown): unknown => {
  const index = duplicateIndexKey(error);
  if (index === 'email_lower') return new AppError('email_taken', undefined, { cause: error });
  if (index === 'username_folded' || index === 'username_skeletons')
    return new AppError('username_taken', undefined, { cause: error });
  return error;
};
