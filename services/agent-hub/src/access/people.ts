import { duplicateIndexKey } from '@webxterm/shared/mongo';
import type { ClientSession, Model } from 'mongoose';
import type { BlockedGiver, PersonRecord } from './person-record.ts';

/** The users that hubs write for: whether they are still there, and whose shares they refuse. */
export class People {
  readonly #model: Model<PersonRecord>;

  constructor(model: Model<PersonRecord>) {
    this.#model = model;
  }

  /** Makes the record of a user, before a transaction that rests on it. */
  async prepare(userId: string): Promise<void> {
    const made: PersonRecord = { user_id: userId, departed_at: null, blocked: [], rested_on: 0 };
    await this.#model
      .updateOne({ user_id: userId }, { $setOnInsert: made }, { upsert: true })
      .catch((error: unknown) => {
        // Another request made it.
        if (duplicateIndexKey(error) === undefined) throw error;
      });
  }

  /**
   * The user as this transaction finds them. It writes to the record, so that of the transaction and a departure or a block that is
   * written meanwhile one has to begin anew. @returns undefined for a user who is gone
   */
  async restOn(userId: string, session: ClientSession): Promise<PersonRecord | undefined> {
    const person = await this.#model
      .findOneAndUpdate({ user_id: userId }, { $inc: { rested_on: 1 } }, { returnDocument: 'after', session })
      .lean();
    return person === null || person.departed_at !== null ? undefined : person;
  }

  /** The account was deleted. */
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

  /** In a transaction that found, by `restOn`, that this giver is not blocked yet. */
  async block(userId: string, giver: BlockedGiver, session: ClientSession): Promise<void> {
    await this.#model.updateOne({ user_id: userId }, { $push: { blocked: giver } }, { session });
  }

  /** @returns who is blocked no longer; undefined when they were not */
  async unblock(userId: string, giverId: string, session: ClientSession): Promise<BlockedGiver | undefined> {
    const before = await this.#model
      .findOneAndUpdate({ user_id: userId }, { $pull: { blocked: { user_id: giverId } } }, { session })
      .lean();
    return before?.blocked.find(({ user_id }) => user_id === giverId);
  }
}
