import {
  changeRollout,
  listRollouts,
  type Machine,
  type Rollout,
  requestUpdate,
  UpdateChannel,
} from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { Allowed } from '../machines/access-rule.ts';
import type { Authorizer } from '../machines/authorize.ts';
import { unchanged } from '../machines/changes.ts';
import type { ManagedMachines } from '../machines/managed.ts';
import type { MachineModels, StoredMachine } from '../machines/record.ts';
import type { Fleet } from './fleet.ts';
import { machineUpdate } from './machine-update.ts';
import type { Orders } from './orders.ts';
import type { Releases } from './releases.ts';
import type { Rollouts } from './rollouts.ts';

export interface UpdatesHttpOptions {
  readonly models: MachineModels;
  readonly managed: ManagedMachines;
  readonly authorizer: Pick<Authorizer, 'access'>;
  readonly releases: Releases;
  readonly rollouts: Rollouts;
  readonly orders: Orders;
  readonly fleet: Fleet;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly view: (machine: StoredMachine, access: Allowed) => Machine;
  readonly now: () => number;
}

/** @throws AppError no_update with the reason why an update of this machine cannot be requested */
const requireUpdate = async (
  machine: StoredMachine,
  { releases, rollouts }: Pick<UpdatesHttpOptions, 'releases' | 'rollouts'>,
): Promise<void> => {
  const update = machineUpdate(machine, releases);
  const release = update === null ? undefined : releases.for(update.policy.channel);
  if (update === null || release === undefined) throw new AppError('no_update');
  const { state, policy, offered } = update;
  if (state === 'up_to_date') throw new AppError('no_update', `This machine already has version ${offered}.`);
  if (state === 'unsupported')
    throw new AppError('no_update', update.reason ?? 'This agent cannot update itself: run the install command again.');
  if (machine.updates?.failed?.version === release.version)
    throw new AppError('no_update', `Version ${offered} did not work on this machine, so its agent refuses it.`);
  if (policy.mode === 'pin' && policy.version !== offered)
    throw new AppError('no_update', `This machine is pinned to version ${policy.version}, and ${offered} is offered.`);
  if (typeof (await rollouts.of(release))?.stopped === 'string')
    throw new AppError(
      'no_update',
      `The roll-out of version ${offered} was stopped, because too many machines failed.`,
    );
};

/** Mounts the API that requests updates, and shows and changes roll-outs. */
export const mountUpdates = (api: Api, options: UpdatesHttpOptions): void => {
  const { models, managed, authorizer, releases, rollouts, orders, fleet, auditor, view, now } = options;

  api.mount(requestUpdate, async ({ params, caller }) => {
    const before = await managed.require(caller, params.agent_id);
    await releases.refresh();
    await requireUpdate(before, options);
    const after = await models.machines.db.transaction(async (session) => {
      const $set = { 'updates.requested_at': new Date(now()) };
      const machine = await models.machines
        .findOneAndUpdate(unchanged(before), { $set }, { returnDocument: 'after', session })
        .lean();
      if (machine === null) throw new AppError('machine_not_found');
      const { agent_id, name } = machine;
      const version = machineUpdate(machine, releases)?.offered ?? null;
      const target = { type: 'machine', id: agent_id, name } as const;
      await auditor.recordIn(session, {
        action: 'agent_update_requested',
        agentId: agent_id,
        target,
        details: { version },
      });
      return machine;
    });
    return view(after, await authorizer.access(caller, params.agent_id));
  });

  api.mount(listRollouts, async () => {
    await releases.refresh();
    const rollout: Rollout[] = [];
    for (const channel of UpdateChannel.options) rollout.push(await fleet.rollout(channel));
    return { rollouts: rollout };
  });

  api.mount(changeRollout, async ({ params, body }) => {
    const { channel } = params;
    await releases.refresh();
    const release = releases.in(channel);
    if (release === undefined) throw new AppError('conflict', `Nothing is published in the channel ${channel}.`);
    const { version = release.version } = (await rollouts.of(release)) ?? {};
    const { failed } = await orders.counts(version);
    await models.rollouts.db.transaction(async (session) => {
      await rollouts.setPaused(channel, body.paused, failed, session);
      const action = body.paused ? 'agent_updates_paused' : 'agent_updates_resumed';
      await auditor.recordIn(session, { action, details: { channel, version } });
    });
    return fleet.rollout(channel);
  });
};
