import { AppError } from '@webxterm/shared';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import { type ClientSession, type Connection, type Model, Schema, type Types, trusted } from 'mongoose';
import { type User, userModel } from '../accounts/user.ts';
import type { SecondFactor, StoredPasskey } from './second-factor.ts';

/** A challenge that began a sign-in. Its id is kept until the challenge has expired. */
interface UsedChallenge {
  _id: string;
  expires_at: Date;
}

const usedChallengeSchema = new Schema<UsedChallenge>(
  { _id: { type: String, required: true }, expires_at: { type: Date, required: true } },
  { versionKey: false, strict: 'throw' },
).index({ expires_at: 1 }, { expireAfterSeconds: 0 });

/** Writes the second factors in the rows of users, each on the condition that they are still as they were checked. */
export class SecondFactorStore {
  readonly #users: Model<User>;
  readonly #used: Model<UsedChallenge>;

  constructor(connection: Connection) {
    this.#users = userModel(connection);
    this.#used = connection.model<UsedChallenge>('used_challenge', usedChallengeSchema, 'used_challenges');
  }

  /** @throws AppError bad_challenge when it was used before */
  async useChallenge(jti: string, expiresAt: Date, session: ClientSession): Promise<void> {
    try {
      await this.#used.create([{ _id: jti, expires_at: expiresAt }], { session });
    } catch (error) {
      throw duplicateIndexKey(error) === undefined ? error : new AppError('bad_challenge', undefined, { cause: error });
    }
  }

  /** Uses up the code of a step. @returns false when this step or a later one was used, or the app was removed */
  async useStep(
    id: Types.ObjectId,
    { sealed, resealed }: { readonly sealed: string; readonly resealed: string | undefined },
    step: number,
    session: ClientSession,
  ): Promise<boolean> {
    const result = await this.#users
      .updateOne(
        { _id: id, 'second_factor.totp.sealed': sealed, 'second_factor.totp.last_step': trusted({ $lt: step }) },
        { $set: { 'second_factor.totp.last_step': step, 'second_factor.totp.sealed': resealed ?? sealed } },
        { session },
      )
      .exec();
    return result.matchedCount === 1;
  }

  /** Uses up a recovery code. @returns false when it was used, or never existed */
  async useRecoveryCode(id: Types.ObjectId, hash: string, session: ClientSession): Promise<boolean> {
    const result = await this.#users
      .updateOne(
        { _id: id, 'second_factor.recovery': hash },
        { $pull: { 'second_factor.recovery': hash } },
        { session },
      )
      .exec();
    return result.matchedCount === 1;
  }

  /** Records the use of a passkey. @returns false when it was removed, or used meanwhile by an authenticator that counts */
  async usePasskey(
    id: Types.ObjectId,
    { credential, counter }: Pick<StoredPasskey, 'credential' | 'counter'>,
    use: Pick<StoredPasskey, 'counter' | 'synced'> & { readonly at: Date },
    session: ClientSession,
  ): Promise<boolean> {
    const result = await this.#users
      .updateOne(
        { _id: id, 'second_factor.passkeys': trusted({ $elemMatch: { credential, counter } }) },
        {
          $set: {
            'second_factor.passkeys.$.counter': use.counter,
            'second_factor.passkeys.$.synced': use.synced,
            'second_factor.passkeys.$.last_used_at': use.at,
          },
        },
        { session },
      )
      .exec();
    return result.matchedCount === 1;
  }

  async dismissReset(id: Types.ObjectId, session: ClientSession): Promise<void> {
    await this.#users
      .updateOne(
        { _id: id, second_factor: trusted({ $ne: null }) },
        { $set: { 'second_factor.reset_at': null } },
        { session },
      )
      .exec();
  }

  /** Replaces all second factors. The transaction must have read them. */
  async set(id: Types.ObjectId, factors: SecondFactor, session: ClientSession): Promise<void> {
    await this.#users.updateOne({ _id: id }, { $set: { second_factor: factors } }, { session }).exec();
  }
}
