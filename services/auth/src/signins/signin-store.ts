import { type ClientSession, type Connection, type Model, Types, trusted } from 'mongoose';
import { type BoundBrowser, type Signin, signinModel } from './signin.ts';

/** The number of earlier pairs that are stored per browser. The use of one of them means that a pair was stolen. */
const maxRetired = 50;

/** The signins collection. */
export class SigninStore {
  readonly #signins: Model<Signin>;

  constructor(connection: Connection) {
    this.#signins = signinModel(connection);
  }

  async insert(signin: Signin, session: ClientSession): Promise<void> {
    await this.#signins.create([signin], { session });
  }

  bySidHash(sidHash: string): Promise<Signin | null> {
    return this.#signins.findOne({ sid_hash: sidHash }).lean<Signin>().exec();
  }

  byPairHash(pairHash: string): Promise<Signin | null> {
    return this.#signins
      .findOne({ $or: [{ 'browser.pair_hash': pairHash }, { 'browser.retired': pairHash }] })
      .lean<Signin>()
      .exec();
  }

  ofUser(userId: string, session?: ClientSession): Promise<Signin[]> {
    return this.#signins
      .find({ user_id: new Types.ObjectId(userId) })
      .sort({ last_seen_at: -1 })
      .session(session ?? null)
      .lean<Signin[]>()
      .exec();
  }

  /** The sign-in, null when it has ended. No other transaction can end it at the same time. */
  guard(sidHash: string, now: Date, session: ClientSession): Promise<Signin | null> {
    return this.#signins
      .findOneAndUpdate(
        { sid_hash: sidHash, expires_at: trusted({ $gt: now }) },
        { $inc: { guard: 1 } },
        { session, returnDocument: 'after' },
      )
      .lean<Signin>()
      .exec();
  }

  /**
   * All of a user's sign-ins. A concurrent transaction that relies on one of them conflicts with this one, so it does not miss its change.
   */
  async guardAll(userId: string, session: ClientSession): Promise<Signin[]> {
    const filter = { user_id: new Types.ObjectId(userId) };
    await this.#signins.updateMany(filter, { $inc: { guard: 1 } }, { session }).exec();
    return this.ofUser(userId, session);
  }

  /** The user's sign-ins except for the `keep` that were seen last. */
  beyond(userId: Types.ObjectId, keep: number, session: ClientSession): Promise<Signin[]> {
    return this.#signins
      .find({ user_id: userId })
      .sort({ last_seen_at: -1, _id: -1 })
      .skip(keep)
      .session(session)
      .lean<Signin[]>()
      .exec();
  }

  /** Every sign-in that has not expired, ordered by id. */
  alive(now: Date, batchSize: number): AsyncIterable<Signin> {
    return this.#signins
      .find({ expires_at: trusted({ $gt: now }) })
      .sort({ _id: 1 })
      .lean<Signin[]>()
      .cursor({ batchSize });
  }

  async delete(ids: readonly Types.ObjectId[], session: ClientSession): Promise<void> {
    await this.#signins.deleteMany({ _id: trusted({ $in: [...ids] }) }, { session }).exec();
  }

  /** Records that the user confirmed this sign-in with a second factor. */
  async markSecondFactor(sidHash: string, at: Date, session: ClientSession): Promise<void> {
    await this.#signins.updateOne({ sid_hash: sidHash }, { $set: { second_factor_at: at } }, { session }).exec();
  }

  async seen(at: ReadonlyMap<string, Date>): Promise<void> {
    await this.#signins.bulkWrite(
      [...at].map(([sidHash, seen]) => ({
        updateOne: { filter: { sid_hash: sidHash }, update: { $max: { last_seen_at: seen } } },
      })),
      { ordered: false },
    );
  }

  /** @returns false when the sign-in has ended */
  async bindBrowser(sidHash: string, browser: BoundBrowser): Promise<boolean> {
    const result = await this.#signins.updateOne({ sid_hash: sidHash }, { $set: { browser } }).exec();
    return result.matchedCount === 1;
  }

  /** @returns false when the pair was changed in the meantime, or the sign-in has ended */
  async rotateBrowser(id: Types.ObjectId, was: BoundBrowser, next: BoundBrowser, at: Date): Promise<boolean> {
    const result = await this.#signins
      .updateOne(
        { _id: id, 'browser.pair_hash': was.pair_hash },
        { $set: { browser: { ...next, retired: next.retired.slice(0, maxRetired) }, last_seen_at: at } },
      )
      .exec();
    return result.matchedCount === 1;
  }
}
