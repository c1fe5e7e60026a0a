import { type MachineRole, mostOf } from '@webxterm/contracts/rights';
import type { ClientSession } from 'mongoose';
import type { AccessRecord, MachineModels } from '../machines/record.ts';
import type { AccessChanges } from './access-changes.ts';
import type { MachineUses } from './machine-uses.ts';
import type { PendingTerminations } from './pending-terminations.ts';
import { grantedMachineFields, type UserGrants } from './user-grants.ts';

export interface GrantEndsOptions {
  readonly models: MachineModels;
  readonly userGrants: UserGrants;
  readonly uses: MachineUses;
  readonly pending: PendingTerminations;
  readonly accessChanges: AccessChanges;
}

type Pair = Pick<AccessRecord, 'agent_id' | 'user_id'>;

/** The consequences of the end of a grant of a user on a machine. */
export interface GrantEnd {
  /** The role that a group or a tag still gives. Null: none. */
  readonly remaining: MachineRole | null;
  /** Call it in the transaction that takes something from the grant. */
  add(before: AccessRecord, session: ClientSession): Promise<void>;
  /** Call it after the commit. */
  carryOut(): Promise<void>;
}

/** Decides which sessions end with a grant by name: everything of the user on the machine, unless a group or a tag may still allow it. */
export class GrantEnds {
  readonly #options: GrantEndsOptions;

  constructor(options: GrantEndsOptions) {
    this.#options = options;
  }

  /** Call it before the transaction. If the other grants go meanwhile, the check after the commit finds it. */
  async of(pair: Pair): Promise<GrantEnd> {
    const { models, userGrants, uses, pending, accessChanges } = this.#options;
    const { agent_id: agentId, user_id: userId } = pair;
    const machines = models.machines.find({ agent_id: agentId }, grantedMachineFields).lean().exec();
    const sources = (await userGrants.on(userId, machines, [agentId])).get(agentId) ?? [];
    const remaining = mostOf(sources.filter(({ kind }) => kind !== 'user'))?.role ?? null;
    let change: string | undefined;
    return {
      remaining,
      add: async ({ linux_users = null }, session) => {
        if (remaining === null) return pending.add([{ ...pair, cause: 'access_revoked' }], session);
        // The grant by name may have opened something without a note.
        await uses.note({ agentId, userId, linuxUsers: linux_users }, session);
        change = await accessChanges.add({ userIds: [userId] }, session);
      },
      carryOut: async () => {
        if (change !== undefined) await accessChanges.carryOut(change);
      },
    };
  }
}
