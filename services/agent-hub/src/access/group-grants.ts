import type { TeamGrant } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import { type ClientSession, trusted } from 'mongoose';
import type { ActivityLog } from '../dashboard/activity-log.ts';
import { restOnGroup } from '../groups/groups.ts';
import { unchanged } from '../machines/changes.ts';
import type { ManagedMachines } from '../machines/managed.ts';
import { isPending, type StoredMachine } from '../machines/record.ts';
import type { AccessEvents } from './access-events.ts';
import { hostsStack } from './hosts-stack.ts';
import { requireRightsOf } from './sharing.ts';
import { teamGrantView, teamGrantViews } from './team-grant-views.ts';
import { newGrant, requireGroup, type Terms, termsFact, writeGrant } from './team-grant-writes.ts';
import type { TeamParts } from './team-parts.ts';
import { holderOf, machineTarget } from './team-records.ts';
import { targetsOf } from './user-grants.ts';

export interface GroupGrantsOptions extends TeamParts {
  readonly managed: ManagedMachines;
  readonly accessEvents: AccessEvents;
  readonly activityLog: ActivityLog;
  /** Unix user of the stack. Undefined unless the whole stack runs on one machine. */
  readonly stackUser: string | undefined;
}

/** Groups with a grant on one machine. */
const maxGroupGrants = 100;

/** Grants to groups on machines. */
export class GroupGrants {
  readonly #options: GroupGrantsOptions;

  constructor(options: GroupGrantsOptions) {
    this.#options = options;
  }

  /** Those on the machine, and the grants on its tags. @throws AppError machine_not_found, forbidden */
  async onMachine(caller: Caller, agentId: string): Promise<TeamGrant[]> {
    const { managed, models } = this.#options;
    const machine = await managed.require(caller, agentId);
    const target = trusted({ $in: targetsOf(machine) });
    return teamGrantViews(this.#options, await models.teamGrants.find({ target }).sort({ created_at: 1 }).lean());
  }

  /** @throws AppError machine_not_found, forbidden, not_found, conflict, machine_hosts_stack */
  async grant(caller: Caller, agentId: string, groupId: string, terms: Terms): Promise<TeamGrant> {
    const { managed, models, accessEvents, activityLog } = this.#options;
    requireRightsOf(caller, terms.role);
    const machine = await managed.require(caller, agentId);
    if (isPending(machine)) throw new AppError('conflict', 'This machine is still waiting for its agent.');
    if (hostsStack(machine, this.#options.stackUser)) throw new AppError('machine_hosts_stack');
    const target = machineTarget(agentId);
    const record = {
      ...newGrant(caller, terms, this.#options.now()),
      holder: holderOf({ groupId }),
      group_id: groupId,
      target,
      agent_id: agentId,
    };
    const { grant, change, name } = await models.teamGrants.db.transaction(async (session) => {
      const group = await restOnGroup(models, groupId, session);
      await requireGroup(models, caller, groupId, session);
      await this.#restOnMachine(machine, session);
      const others = { target, group_id: trusted({ $ne: groupId }) };
      if ((await models.teamGrants.countDocuments(others, { session })) >= maxGroupGrants)
        throw new AppError('conflict', `${maxGroupGrants} groups have access to this machine, which is the limit.`);
      const written = await writeGrant(this.#options, record, { groupId }, session);
      await this.#options.auditor.recordIn(session, machineFact('access_granted', machine, group.name, terms));
      return { ...written, name: group.name };
    });
    if (change !== undefined) {
      await this.#options.accessChanges.carryOut(change);
      accessEvents.publish(agentId, null, null);
    }
    await activityLog.add(machine, { what: 'granted', detail: `${terms.role} to the group ${name}`, by: caller });
    return teamGrantView(this.#options, grant);
  }

  /** @throws AppError machine_not_found, forbidden, not_found */
  async revoke(caller: Caller, agentId: string, groupId: string): Promise<void> {
    const { managed, models, auditor, accessChanges, accessEvents, activityLog } = this.#options;
    const machine = await managed.require(caller, agentId);
    const which = { holder: holderOf({ groupId }), target: machineTarget(agentId) };
    const { change, name } = await models.teamGrants.db.transaction(async (session) => {
      const grant = await models.teamGrants.findOneAndDelete(which, { session }).lean();
      if (grant === null) throw new AppError('not_found', 'This group was not granted access to this machine.');
      const group = await restOnGroup(models, groupId, session);
      await auditor.recordIn(session, machineFact('access_revoked', machine, group.name));
      return { change: await accessChanges.add({ groupId }, session), name: group.name };
    });
    await accessChanges.carryOut(change);
    accessEvents.publish(agentId, null, null);
    await activityLog.add(machine, { what: 'revoked', detail: `the group ${name}`, by: caller });
  }

  /** A grant conflicts with a concurrent removal or transfer of the machine. */
  async #restOnMachine(machine: StoredMachine, session: ClientSession): Promise<void> {
    const written = { $inc: { grants_written: 1 } };
    const { matchedCount } = await this.#options.models.machines.updateOne(unchanged(machine), written, { session });
    if (matchedCount === 0) throw new AppError('machine_not_found');
  }
}

const machineFact = (
  action: 'access_granted' | 'access_revoked',
  { agent_id, name }: StoredMachine,
  group: string,
  terms?: Terms,
) =>
  ({
    action,
    agentId: agent_id,
    target: { type: 'machine', id: agent_id, name },
    details: { group, ...(terms === undefined ? {} : termsFact(terms)) },
  }) as const;
