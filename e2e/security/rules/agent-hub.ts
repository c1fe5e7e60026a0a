import { randomUUID } from 'node:crypto';
import type { World } from '../world.ts';
import { byStanding, onMachine, type Rule, type Statuses, signedIn } from './rule.ts';

const onAgent = (world: World) => ({ params: { agent_id: world.agentId } });

/** For who owns the machine, and administrators. */
const managing = (status: number): Statuses => ({ other: 404, view: 403, control: 403, owner: status, admin: status });

/** A machine of the owner's that may be removed. */
const pendingMachine = async ({ cast }: World): Promise<string> => {
  const name = `to be removed ${randomUUID()}`;
  const { body } = await cast.owner.rest.post<{ machine: { agent_id: string } }>('/api/machines', { name });
  return body.machine.agent_id;
};

/** A grant as the machine service keeps it: a pending machine cannot be granted by the API. */
const grantTo = async (world: World, agent_id: string, role: 'view' | 'control'): Promise<void> => {
  const grant = {
    agent_id,
    user_id: world.cast[role].id,
    role,
    granted_by: world.cast.owner.id,
    created_at: new Date(),
  };
  await (await world.mongo('agent-hub')).db().collection('machine_access').insertOne(grant);
};

/** Machines. */
export const machineRules: Readonly<Record<string, readonly Rule[]>> = {
  listMachines: [
    signedIn(200, undefined, { what: (world) => world.agentId, to: ['view', 'control', 'owner', 'admin'] }),
  ],
  machineEvents: [signedIn(200)],
  createMachine: [signedIn(201, (_world, standing) => ({ body: { name: `added by ${standing}` } }))],
  // Of a machine of its own: the world's must keep its agent.
  createRegistrationToken: [
    byStanding(managing(201), async (world, standing) => ({
      params: {
        agent_id: standing === 'owner' || standing === 'admin' ? await pendingMachine(world) : world.agentId,
      },
    })),
  ],
  updateMachine: [byStanding(managing(200), (world) => ({ ...onAgent(world), body: { description: 'changed' } }))],
  deleteMachine: [
    byStanding(managing(204), async (world, standing) => ({
      params: {
        agent_id: standing === 'owner' || standing === 'admin' ? await pendingMachine(world) : world.agentId,
      },
    })),
  ],
  machineMetrics: [byStanding({ other: 404, view: 200, control: 200, owner: 200, admin: 200 }, onMachine)],
  listMachineAccess: [byStanding(managing(200), onMachine)],
  // The agent runs as the stack's own user here: nobody may be granted such a machine.
  findMachineGrantee: [
    byStanding(managing(409), (world) => ({ ...onAgent(world), query: { username: world.cast.other.name } })),
  ],
  grantMachineAccess: [
    byStanding(managing(409), (world) => ({
      ...onAgent(world),
      body: { username: world.cast.other.name, role: 'view' },
    })),
  ],
  // Nobody granted it to them.
  revokeMachineAccess: [
    byStanding({ other: 404, view: 403, control: 403, owner: 404, admin: 404 }, (world) => ({
      ...onAgent(world),
      body: { username: world.cast.ended.name },
    })),
  ],
  // Each on a machine of their own to leave: the grants of the world are for other tests.
  leaveMachine: [
    byStanding({ other: 404, view: 200, control: 200, owner: 409, admin: 404 }, async (world, standing) => {
      const agent_id = await pendingMachine(world);
      if (standing === 'view' || standing === 'control') await grantTo(world, agent_id, standing);
      return { params: { agent_id }, body: {} };
    }),
  ],
  listBlockedUsers: [signedIn(200)],
  blockUser: [signedIn(200, (world) => ({ body: { username: world.cast.ended.name } }))],
  // Nobody whom they block.
  unblockUser: [signedIn(404, (world) => ({ params: { user_id: world.cast.disabled.id } }))],
  runMachineCommand: [
    byStanding({ other: 404, view: 403, control: 200, owner: 200, admin: 403 }, (world) => ({
      ...onAgent(world),
      body: { command: 'true' },
    })),
  ],
  dashboardStats: [signedIn(200)],
  dashboardRecentMachines: [
    signedIn(200, undefined, { what: (world) => world.agentId, to: ['view', 'control', 'owner', 'admin'] }),
  ],
  dashboardRecentActivity: [signedIn(200)],
  getMachine: [byStanding({ other: 404, view: 200, control: 200, owner: 200, admin: 200 }, onMachine)],
};
