import { type ClientSession, type Connection, type Model, Types, trusted } from 'mongoose';
import type { ListedSignin } from '../allow-list/list-entries.ts';
import { type AccessToken, accessTokenModel, listedToken } from './access-token.ts';

/** The access_tokens collection. */
export class AccessTokenStore {
  readonly #tokens: Model<AccessToken>;

  constructor(connection: Connection) {
    this.#tokens = accessTokenModel(connection);
  }

  async insert(token: AccessToken, session: ClientSession): Promise<void> {
    await this.#tokens.create([token], { session });
  }

  byIndexes(indexes: readonly string[]): Promise<AccessToken | null> {
    return this.#tokens
      .findOne({ index: trusted({ $in: [...indexes] }) })
      .lean<AccessToken>()
      .exec();
  }

  /** The tokens of a user with those that have expired, newest first. */
  ofUser(userId: string, session?: ClientSession): Promise<AccessToken[]> {
    return this.#tokens
      .find({ user_id: new Types.ObjectId(userId) })
      .sort({ created_at: -1, _id: -1 })
      .session(session ?? null)
      .lean<AccessToken[]>()
      .exec();
  }

  async delete(tokens: readonly AccessToken[], session: ClientSession): Promise<void> {
    await this.#tokens.deleteMany({ _id: trusted({ $in: tokens.map(({ _id }) => _id) }) }, { session }).exec();
  }

  /** `fields`: the last use, and the new place under another root key. */
  async update(id: Types.ObjectId, fields: Partial<AccessToken>): Promise<void> {
    await this.#tokens.updateOne({ _id: id }, { $set: fields }).exec();
  }

  /** The token for the allow-list. */
  async bySidHash(sidHash: string): Promise<ListedSignin | null> {
    const token = await this.#tokens.findOne({ sid_hash: sidHash }).lean<AccessToken>().exec();
    return token === null ? null : listedToken(token);
  }

  /** Every token that has not expired, for the allow-list. */
  async *alive(now: Date, batchSize: number): AsyncGenerator<ListedSignin> {
    const found = this.#tokens
      .find({ expires_at: trusted({ $gt: now }) })
      .sort({ _id: 1 })
      .lean<AccessToken[]>()
      .cursor({ batchSize });
    for await (const token of found) yield listedToken(token);
  }
}
