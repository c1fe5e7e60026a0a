import { withinDeadline } from '@webxterm/contracts/deadline';
import { AppError, type Logger, reasonOf } from '@webxterm/shared';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import { type Connection, type Model, Schema } from 'mongoose';

export interface RedeemedToken {
  jti: string;
  expires_at: Date;
}

const schema = new Schema<RedeemedToken>(
  { jti: { type: String, required: true }, expires_at: { type: Date, required: true } },
  { collection: 'redeemed_tokens', versionKey: false },
);
schema.index({ jti: 1 }, { unique: true });
schema.index({ expires_at: 1 }, { expireAfterSeconds: 0 });

export const redeemedModel = (connection: Connection): Model<RedeemedToken> =>
  connection.model<RedeemedToken>('RedeemedToken', schema);

/** Limit of ids in memory. Above it the oldest are dropped, even before their tokens expire. */
const maxRemembered = 100_000;
/** Time limit for the database, because a returning terminal must not wait longer. After it the database counts as down. */
const databaseDeadlineMs = 1000;

/** Redeems one-use tokens: by a unique insert, and by the memory of this instance while the database is down. */
export class Redemption {
  readonly #model: Pick<Model<RedeemedToken>, 'create' | 'db'>;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #seen = new Map<string, number>();

  constructor(model: Pick<Model<RedeemedToken>, 'create' | 'db'>, logger: Logger, now: () => number = Date.now) {
    this.#model = model;
    this.#logger = logger;
    this.#now = now;
  }

  /** `exp`: seconds since 1970. @throws AppError unauthenticated if the token was used before */
  async redeem(jti: string, exp: number): Promise<void> {
    this.#forgetOld();
    if (this.#seen.has(jti)) throw new AppError('unauthenticated', 'This token has already been used.');
    this.#seen.set(jti, exp * 1000);
    try {
      await this.#insert({ jti, expires_at: new Date(exp * 1000 + 60_000) });
    } catch (error) {
      if (duplicateIndexKey(error) !== undefined)
        throw new AppError('unauthenticated', 'This token has already been used.', { cause: error });
      this.#logger.warn(
        { reason: reasonOf(error) },
        'one-use token could not be stored and is remembered by this instance only',
      );
    }
  }

  async #insert(token: RedeemedToken): Promise<void> {
    if (this.#model.db.readyState !== 1) throw new Error('the database is not connected');
    await withinDeadline(
      databaseDeadlineMs,
      this.#model.create(token),
      () => new Error('the database did not answer in time'),
    );
  }

  #forgetOld(): void {
    for (const [jti, expiresAt] of this.#seen) {
      if (expiresAt > this.#now() && this.#seen.size <= maxRemembered) return;
      this.#seen.delete(jti);
    }
  }
}
