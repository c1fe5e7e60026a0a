import { duplicateIndexKey } from '@webxterm/shared/mongo';
import type { ClientSession, Model } from 'mongoose';
import type { BlockedGiver, PersonRecord } from './person-record.ts';

/** The facts about users that hubs record: whether the account was deleted, and whom the user has blocked from sharing. */
export class People {
  readonly #model: Model<PersonRecord>;

  constructor(model: Model<PersonRecord>) {
    this.#model = model;
  }

  /** Creates the record of a user if it is missing. Call it before a transaction that uses `restOn`. */
  async prepare(userId: string): Promise<void> {
    const made: PersonRecord = { user_id: userId, departed_at: null, blocked: [], rested_on: 0 };
    await this.#model
      .updateOne({ user_id: userId }, { $setOnInsert: made }, { upsert: true })
      .catch((error: unknown) => {
        // A concurrent request created it.
        if (duplicateIndexKey(error) === undefined) throw error;
      });
  }

  /**
   * Reads the user within a transaction. It also writes to the record, so this transaction conflicts with a concurrent deletion or block,
   * and one of the two is retried. @returns undefined if the account was deleted
   */
  async restOn(userId: string, session: ClientSession): Promise<PersonRecord | undefined> {
    const person = await this.#model
      .findOneAndUpdate({ user_id: userId }, { $inc: { rested_on: 1 } }, { returnDocument: 'after', session })
      .lean();
    return person === null || person.departed_at !== null ? undefined : person;
  }

  /** Records that the account was deleted. */
  async departed(userId: string, now: Date): Promise<void> {
    await this.prepare(userId);
    await this.#model.updateOne(
      { user_id: userId },
      { $set: { departed_at: now, blocked: [] }, $inc: { rested_on: 1 } },
    );
  }

  async blockedBy(userId: string): Promise<BlockedGiver[]> {
    const person = await this.#model.findOne({ user_id: userId }, { blocked: 1 }).lean();
    return person?.blocked ?? [];
  }

  /** Call it in a transaction in which `restOn` showed that this user is not blocked yet. */
  async block(userId: string, giver: BlockedGiver, session: ClientSession): Promise<void> {
    await this.#model.updateOne({ user_id: userId }, { $push: { blocked: giver } }, { session });
  }

  /** @returns the user who was unblocked; undefined if that user was not blocked */
  async unblock(userId: string, giverId: string, session: ClientSession): Promise<BlockedGiver | undefined> {
    const before = await this.#model
      .findOneAndUpdate({ user_id: userId }, { $pull: { blocked: { user_id: giverId } } }, { session })
      .lean();
    return before?.blocked.find(({ user_id }) => user_id === giverId);
  }
}
