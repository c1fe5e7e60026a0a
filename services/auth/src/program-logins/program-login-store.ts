import { type ClientSession, type Connection, type Model, trusted } from 'mongoose';
import { type LoginAnswer, type ProgramLoginRow, programLoginModel } from './program-login.ts';

/** The program_logins collection. Each method sees requests that are not over only. */
export class ProgramLoginStore {
  readonly #logins: Model<ProgramLoginRow>;

  constructor(connection: Connection) {
    this.#logins = programLoginModel(connection);
  }

  async insert(row: ProgramLoginRow): Promise<void> {
    await this.#logins.create(row);
  }

  byId(id: string, now: Date): Promise<ProgramLoginRow | null> {
    const filter = { _id: id, expires_at: trusted({ $gt: now }) };
    return this.#logins.findOne(filter).lean<ProgramLoginRow>().exec();
  }

  byUserCode(userCode: string, now: Date): Promise<ProgramLoginRow | null> {
    const filter = { user_code: userCode, expires_at: trusted({ $gt: now }) };
    return this.#logins.findOne(filter).lean<ProgramLoginRow>().exec();
  }

  /** @returns false when it has an answer already */
  async answer(id: string, answer: LoginAnswer, now: Date, session: ClientSession): Promise<boolean> {
    const filter = { _id: id, answer: null, expires_at: trusted({ $gt: now }) };
    return (await this.#logins.updateOne(filter, { $set: { answer } }, { session }).exec()).matchedCount === 1;
  }

  /** Uses a request up. @returns false when it is gone: of two concurrent calls exactly one gets true */
  async take(id: string, session?: ClientSession): Promise<boolean> {
    const options = session === undefined ? {} : { session };
    return (await this.#logins.deleteOne({ _id: id }, options).exec()).deletedCount === 1;
  }
}
