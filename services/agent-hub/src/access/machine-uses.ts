import { duplicateIndexKey } from '@webxterm/shared/mongo';
import type { ClientSession, Model } from 'mongoose';
import type { MachineUseRecord } from './team-records.ts';

export interface Use {
  readonly agentId: string;
  readonly userId: string;
  /** As which Linux users the user may act. Null: all of the machine. */
  readonly linuxUsers: readonly string[] | null;
}

type Limit = Use['linuxUsers'];

/** Whether the first list allows every Linux user of the second. */
export const includesAll = (limit: Limit, other: Limit): boolean =>
  limit === null || (other?.every((name) => limit.includes(name)) ?? false);

/** Which users opened something on which machines through a group or a tag, see `MachineUseRecord`. */
export class MachineUses {
  readonly #model: Model<MachineUseRecord>;

  constructor(model: Model<MachineUseRecord>) {
    this.#model = model;
  }

  /** Notes a use. The note covers the Linux users of earlier uses too. */
  async note({ agentId, userId, linuxUsers }: Use, session?: ClientSession): Promise<void> {
    const pair = { agent_id: agentId, user_id: userId };
    const within = session === undefined ? {} : { session };
    const before = await this.#model.findOne(pair, null, within).lean();
    const both = before === null ? linuxUsers : union(before.linux_users, linuxUsers);
    const $set = { linux_users: both === null ? null : [...both] };
    await this.#model.updateOne(pair, { $set }, { upsert: true, ...within }).catch((error: unknown) => {
      // A concurrent request noted it. The caller reads the note again.
      if (session !== undefined || duplicateIndexKey(error) === undefined) throw error;
    });
  }

  /** Notes that only these Linux users remain, if the note is as it was read. */
  async narrow(use: MachineUseRecord, linuxUsers: readonly string[]): Promise<void> {
    await this.#model.updateOne(use, { $set: { linux_users: [...linuxUsers] } });
  }
}

const union = (one: Limit, other: Limit): Limit =>
  one === null || other === null ? null : [...new Set([...one, ...other])];
