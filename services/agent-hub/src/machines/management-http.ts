import {
  createMachine,
  createRegistrationToken,
  deleteMachine,
  type Machine,
  machineMetrics,
  updateMachine,
} from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import { registrationLifeMs } from '../enrolment/registration-token.ts';
import { type Allowed, allowed, requireAllMachines } from './access-rule.ts';
import type { Authorizer } from './authorize.ts';
import type { MachineChanges } from './changes.ts';
import type { StoredMachine } from './record.ts';
import type { StatsHistory } from './stats-history.ts';
import { type MachineStore, scopeOf } from './store.ts';

export interface ChangeHttpOptions {
  readonly store: MachineStore;
  readonly authorizer: Pick<Authorizer, 'access'>;
  readonly changes: MachineChanges;
  readonly history: StatsHistory;
  readonly view: (machine: StoredMachine, access: Allowed) => Machine;
  readonly now: () => number;
}

const hourMs = 3_600_000;

/** Mounts the API that creates, changes and removes machines, and reads their metrics. */
export const mountMachineChanges = (
  api: Api,
  { store, authorizer, changes, history, view, now }: ChangeHttpOptions,
): void => {
  api.mount(createMachine, async ({ body, caller }) => {
    requireAllMachines(caller);
    const { machine, token } = await changes.create(caller, body);
    const { agent_id, tags, owner_id } = machine;
    const facts = { agentId: agent_id, tags, ownerId: owner_id, revoked: false, grant: undefined };
    const access = allowed(caller, facts) ?? { role: 'owner', rights: [], linuxUsers: null };
    return { machine: view(machine, access), registration_token: token, expires_in: registrationLifeMs / 1000 };
  });

  api.mount(createRegistrationToken, async ({ params, caller }) => {
    const { token, lifeMs } = await changes.allowReplacement(caller, params.agent_id);
    return { registration_token: token, expires_in: lifeMs / 1000 };
  });

  api.mount(updateMachine, async ({ params, body, caller }) => {
    // Tags decide which machines a token reaches.
    if (body.tags !== undefined) requireAllMachines(caller);
    const machine = await changes.update(caller, params.agent_id, body);
    // The role must be the same as in GET. For example an administrator with a control grant has the role `control`.
    return view(machine, await authorizer.access(caller, params.agent_id));
  });

  api.mount(deleteMachine, async ({ params, caller }) => {
    await changes.remove(caller, params.agent_id);
    return undefined;
  });

  api.mount(machineMetrics, async ({ params, query, caller }) => {
    if ((await store.find(scopeOf(caller), params.agent_id)) === undefined) throw new AppError('machine_not_found');
    const to = query.to ?? new Date(now());
    const from = query.from ?? new Date(to.getTime() - hourMs);
    if (from >= to) throw new AppError('invalid_input', 'from must be before to.');
    return history.read(params.agent_id, from, to);
  });
};
