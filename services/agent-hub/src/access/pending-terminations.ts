import { type ClientSession, type Model, type Types, trusted } from 'mongoose';
import { linkPassLifeMs } from '../agent-links/link-pass.ts';
import type { TerminationRecord } from './termination-record.ts';

export type StoredTermination = TerminationRecord & { _id: Types.ObjectId };
export type NewTermination = Pick<TerminationRecord, 'agent_id' | 'cause'> &
  Partial<Pick<TerminationRecord, 'user_id' | 'session_id' | 'public_key'>>;

/** Terminations of one machine that are read at once. A machine never has that many users and sessions. */
const maxRead = 5000;
/** The lifetime of a link pass. After it, every dial of a removed machine or of a replaced key is checked in the database. */
const endOfLinksForMs = linkPassLifeMs;

/** Pending terminations per machine. A record stays until the agent has confirmed it, so an offline machine receives it on its next link. */
export class PendingTerminations {
  readonly #model: Model<TerminationRecord>;
  readonly #now: () => number;

  constructor(model: Model<TerminationRecord>, now: () => number = Date.now) {
    this.#model = model;
    this.#now = now;
  }

  /** Adds terminations, in the transaction of their cause if `session` is given. A termination that is already pending gets a new time. */
  async add(terminations: readonly NewTermination[], session?: ClientSession): Promise<void> {
    if (terminations.length === 0) return;
    const now = this.#now();
    const writes = terminations.map(({ agent_id, cause, user_id = null, session_id = null, public_key = null }) => {
      const key = `${agent_id} ${user_id ?? ''} ${session_id ?? ''}${public_key === null ? '' : ` ${public_key}`}`;
      const endsLinks = cause === 'machine_deleted' || cause === 'machine_replaced';
      const expires_at = endsLinks ? new Date(now + endOfLinksForMs) : null;
      const $set = { agent_id, user_id, session_id, public_key, cause, created_at: new Date(now), expires_at };
      return { updateOne: { filter: { key }, update: { $set }, upsert: true } };
    });
    await this.#model.bulkWrite(writes, session === undefined ? {} : { session });
  }

  of(agentId: string): Promise<StoredTermination[]> {
    return this.#model
      .find({ agent_id: agentId })
      .sort({ created_at: 1 })
      .limit(maxRead)
      .lean<StoredTermination[]>()
      .exec();
  }

  /** Machines that got a termination since then. */
  machinesSince(since: Date): Promise<string[]> {
    return this.#model.distinct('agent_id', { created_at: trusted({ $gte: since }) }).exec();
  }

  /** Removes confirmed terminations. One that was added again in the meantime stays. */
  async done(terminations: readonly StoredTermination[]): Promise<void> {
    const writes = terminations.map(({ _id, created_at }) => ({ deleteOne: { filter: { _id, created_at } } }));
    if (writes.length > 0) await this.#model.bulkWrite(writes, { ordered: false });
  }
}
