import { randomUUID } from 'node:crypto';
import type { World } from '../world.ts';
import {
  adminOnly,
  anyone,
  byCaller,
  byRight,
  type Caller,
  type MakeCall,
  type Rule,
  rightsAs,
  self,
  signedIn,
} from './rule.ts';

const onAgent = (world: World) => ({ params: { agent_id: world.agentId } });
const noGroup = `gr_${'0'.repeat(32)}`;
const everybodyWhoSees = ['view', 'control', 'owner', 'admin', 'adminView', 'adminControl'] as const;

/** A machine of the owner's that may be removed. */
const pendingMachine = async ({ cast }: World): Promise<string> => {
  const name = `to be removed ${randomUUID()}`;
  const { body } = await cast.owner.rest.post<{ machine: { agent_id: string } }>('/api/machines', { name });
  return body.machine.agent_id;
};

/** For a route that takes the machine or its agent away: the world's must stay, so those who may manage get one of their own. */
const onMachineToLose: MakeCall = async (world, caller) => ({
  params: { agent_id: rightsAs(caller).includes('manage') ? await pendingMachine(world) : world.agentId },
});

/** A grant as the machine service keeps it: a pending machine cannot be granted by the API. */
const grantTo = async (world: World, agent_id: string, caller: Caller, role: 'view' | 'control'): Promise<void> => {
  const grant = {
    agent_id,
    user_id: world.cast[caller].id,
    role,
    granted_by: world.cast.owner.id,
    created_at: new Date(),
  };
  await (await world.mongo('agent-hub')).db().collection('machine_access').insertOne(grant);
};

const granted: Partial<Record<Caller, 'view' | 'control'>> = {
  view: 'view',
  control: 'control',
  adminView: 'view',
  adminControl: 'control',
};

/** Each on a machine of their own to leave: the grants of the world are for other tests. */
const onMachineToLeave: MakeCall = async (world, caller) => {
  const agent_id = await pendingMachine(world);
  const role = granted[caller];
  if (role !== undefined) await grantTo(world, agent_id, caller, role);
  return { params: { agent_id }, body: {} };
};

/** Machines. One column for each caller; 404: the machine does not exist for that caller. */
// biome-ignore format: a table
export const machineRules: Readonly<Record<string, readonly Rule[]>> = {
  getMachine: [byRight('see', { other: 404, view: 200, control: 200, owner: 200, admin: 200, adminView: 200, adminControl: 200 })],
  machineMetrics: [byRight('see', { other: 404, view: 200, control: 200, owner: 200, admin: 200, adminView: 200, adminControl: 200 })],
  runMachineCommand: [
    byRight('command', { other: 404, view: 403, control: 200, owner: 200, admin: 403, adminView: 403, adminControl: 200 },
      (world) => ({ ...onAgent(world), body: { command: 'true' } })),
  ],
  createEnrolmentToken: [self(201, () => ({ body: { name: 'image', machines: 2 } }))],
  listEnrolmentTokens: [self(200)],
  // Nobody has this token.
  revokeEnrolmentToken: [self(404, () => ({ params: { token_id: 'et_unknown' } }))],
  reportInstallProgress: [anyone(401, () => ({ body: { token: `wxt_rt_${'A'.repeat(43)}`, step: 'checking' } }))],
  createRegistrationToken: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 201, admin: 201, adminView: 201, adminControl: 201 }, onMachineToLose),
  ],
  updateMachine: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 200, admin: 200, adminView: 200, adminControl: 200 },
      (world) => ({ ...onAgent(world), body: { description: 'changed' } })),
  ],
  // The agent of the world was not installed by the install command.
  requestUpdate: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 409, admin: 409, adminView: 409, adminControl: 409 }),
  ],
  listRollouts: [adminOnly(200)],
  // Nothing is published in this channel.
  changeRollout: [adminOnly(409, () => ({ params: { channel: 'preview' }, body: { paused: true } }))],
  sessionLimits: [signedIn(200)],
  changeSessionLimits: [adminOnly(200, () => ({ body: { idle_hours: 24 } }))],
  deleteMachine: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 204, admin: 204, adminView: 204, adminControl: 204 }, onMachineToLose),
  ],
  listMachineAccess: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 200, admin: 200, adminView: 200, adminControl: 200 }),
  ],
  // The agent runs as the stack's own user here: nobody may be granted such a machine.
  findMachineGrantee: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 409, admin: 409, adminView: 409, adminControl: 409 },
      (world) => ({ ...onAgent(world), query: { username: world.cast.other.name } })),
  ],
  grantMachineAccess: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 409, admin: 409, adminView: 409, adminControl: 409 },
      (world) => ({ ...onAgent(world), body: { username: world.cast.other.name, role: 'view' } })),
  ],
  // Nobody granted it to them.
  revokeMachineAccess: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 404, admin: 404, adminView: 404, adminControl: 404 },
      (world) => ({ ...onAgent(world), body: { username: world.cast.ended.name } })),
  ],
  explainMachineAccess: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 200, admin: 200, adminView: 200, adminControl: 200 }),
  ],
  listMachineTeamGrants: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 200, admin: 200, adminView: 200, adminControl: 200 }),
  ],
  // As by name: this machine may be granted to nobody.
  grantMachineToGroup: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 409, admin: 409, adminView: 409, adminControl: 409 },
      (world) => ({ params: { agent_id: world.agentId, group_id: noGroup }, body: { role: 'view' } })),
  ],
  revokeMachineFromGroup: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 404, admin: 404, adminView: 404, adminControl: 404 },
      (world) => ({ params: { agent_id: world.agentId, group_id: noGroup } })),
  ],
  listGroups: [signedIn(200)],
  createGroup: [adminOnly(201, (_world, caller) => ({ body: { name: `made by ${caller} ${randomUUID()}` } }))],
  updateGroup: [adminOnly(404, () => ({ params: { group_id: noGroup }, body: { name: 'renamed' } }))],
  deleteGroup: [adminOnly(404, () => ({ params: { group_id: noGroup } }))],
  listGroupMembers: [adminOnly(404, () => ({ params: { group_id: noGroup } }))],
  addGroupMember: [
    adminOnly(404, (world) => ({ params: { group_id: noGroup }, body: { username: world.cast.other.name } })),
  ],
  removeGroupMember: [
    adminOnly(404, (world) => ({ params: { group_id: noGroup, user_id: world.cast.other.id } })),
  ],
  listTagGrants: [signedIn(200)],
  // Nobody has a machine with this tag.
  grantOnTag: [
    signedIn(200, (world) => ({ body: { tag: 'unused', username: world.cast.ended.name, role: 'view' } })),
  ],
  revokeTagGrant: [signedIn(404, () => ({ params: { grant_id: `gt_${'0'.repeat(32)}` } }))],
  leaveMachine: [
    byCaller({ other: 404, view: 200, control: 200, owner: 409, admin: 404, adminView: 200, adminControl: 200 }, onMachineToLeave),
  ],
  listMachines: [signedIn(200, undefined, { what: (world) => world.agentId, to: everybodyWhoSees })],
  dashboardRecentMachines: [signedIn(200, undefined, { what: (world) => world.agentId, to: everybodyWhoSees })],
  machineEvents: [signedIn(200)],
  createMachine: [signedIn(201, (_world, caller) => ({ body: { name: `added by ${caller}` } }))],
  listBlockedUsers: [signedIn(200)],
  blockUser: [signedIn(200, (world) => ({ body: { username: world.cast.ended.name } }))],
  // Nobody whom they block.
  unblockUser: [signedIn(404, (world) => ({ params: { user_id: world.cast.disabled.id } }))],
  dashboardStats: [signedIn(200)],
  dashboardRecentActivity: [signedIn(200)],
};
