import { z } from 'zod';
import { LinuxUserName, Timestamp, UserId } from '../ids.ts';
import { maxLinuxUsers } from '../linux-users.ts';
import { MachineRole, Rights } from '../rights.ts';
import { GrantedName, GrantRole } from './access.ts';
import { GroupId } from './groups.ts';
import { MachineTag } from './machine-labels.ts';
import { MachineParams } from './machines.ts';
import { defineRoute } from './route.ts';

/** `gt_` and 32 hex digits: 128 bits. The hub creates it. */
export const GrantId = z
  .string()
  .regex(/^gt_[0-9a-f]{32}$/, 'must be a grant id (gt_…)')
  .meta({ example: 'gt_0f8d6f6b3d5a4f1e9d1c2b3a4f5e6d7c' });

const LinuxUsers = z
  .array(LinuxUserName)
  .min(1)
  .max(maxLinuxUsers)
  .nullable()
  .default(null)
  .meta({ description: 'The Linux users that the grant is limited to. Null: all of the machine.' });

const holderFields = {
  group_id: GroupId.nullable().meta({ description: 'Null: the grant is for one user.' }),
  user_id: UserId.nullable().meta({ description: 'Null: the grant is for a group.' }),
  name: z.string().meta({ description: 'Of the group or the user. Empty if the account no longer exists.' }),
};
const termsFields = {
  role: GrantRole,
  linux_users: z.array(z.string()).nullable(),
  granted_by: z.string().meta({ description: 'The username at that time of the user who granted it.' }),
  granted_at: Timestamp,
};

/** A grant to a group on a machine, or to a user or a group on a tag. Grants to users on machines are `MachineUser`. */
export const TeamGrant = z
  .object({
    grant_id: GrantId,
    ...holderFields,
    members: z.number().int().meta({ description: 'How many users it is for.' }),
    tag: z.string().nullable().meta({ description: 'Null: the grant is on one machine.' }),
    owner_id: UserId.nullable().meta({ description: 'Of a tag: the user on whose machines it counts.' }),
    owner: z.string().meta({ description: 'The username of that user. Empty for a grant on one machine.' }),
    ...termsFields,
  })
  .meta({ id: 'TeamGrant' });
export type TeamGrant = z.infer<typeof TeamGrant>;

/** Why a user has access to a machine. */
export const AccessReason = z
  .object({
    kind: z.enum(['owner', 'user', 'group', 'tag']).meta({
      description:
        '`owner`: the user owns the machine. `user`: a grant to the user on the machine. `group`: a grant to a group on the machine. ' +
        '`tag`: a grant on a tag of the machine, to the user or to a group.',
    }),
    grant_id: GrantId.nullable(),
    group: z.object({ group_id: GroupId, name: z.string() }).nullable(),
    tag: z.string().nullable(),
    role: GrantRole.nullable().meta({ description: 'Null for the owner.' }),
    linux_users: z.array(z.string()).nullable(),
    granted_by: z.string(),
    granted_at: Timestamp.nullable(),
  })
  .meta({ id: 'AccessReason' });
export type AccessReason = z.infer<typeof AccessReason>;

export const ExplainedAccess = z
  .object({
    user_id: UserId,
    username: z.string(),
    role: MachineRole.nullable().meta({ description: 'The most that any of the reasons gives. Null: no access.' }),
    rights: Rights.meta({ description: 'Without those that an administrator has on every machine.' }),
    linux_users: z.array(z.string()).nullable(),
    disabled: z.boolean().meta({ description: 'A disabled user cannot sign in, whatever is granted.' }),
    reasons: z.array(AccessReason),
  })
  .meta({ id: 'ExplainedAccess' });
export type ExplainedAccess = z.infer<typeof ExplainedAccess>;

export const explainAccess = defineRoute({
  id: 'explainMachineAccess',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines/:agent_id/access/explain',
  access: 'user',
  summary: 'Who has access to a machine, and through which grants; for its owner and administrators',
  description:
    'At most 1,000 users, sorted by name; `more` if there are others. With `username`: that user, with no reason if the user has no access. ' +
    'After 60 look-ups and grants, a user has 12 a minute.',
  params: MachineParams,
  query: z.strictObject({ username: GrantedName.optional() }),
  success: { status: 200, schema: z.object({ users: z.array(ExplainedAccess), more: z.boolean() }) },
  errors: ['machine_not_found', 'forbidden', 'not_found'],
});

export const listTeamGrants = defineRoute({
  id: 'listMachineTeamGrants',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines/:agent_id/access/groups',
  access: 'user',
  summary: 'The grants to groups on a machine, and the grants on its tags; for its owner and administrators',
  params: MachineParams,
  success: { status: 200, schema: z.object({ grants: z.array(TeamGrant), total: z.number().int() }) },
  errors: ['machine_not_found', 'forbidden'],
});

export const grantToGroup = defineRoute({
  id: 'grantMachineToGroup',
  owner: 'agent-hub',
  method: 'put',
  path: '/api/machines/:agent_id/access/groups/:group_id',
  access: 'user',
  summary: 'Grant a group access to a machine; for its owner and administrators',
  description:
    'An owner who is no administrator may grant to the groups that they are in. A change from `control` to `view`, or to fewer Linux users, ends ' +
    'the terminals and commands of members who have no other grant of these, within a second.',
  params: MachineParams.extend({ group_id: GroupId }),
  body: z.strictObject({ role: GrantRole, linux_users: LinuxUsers }),
  success: { status: 200, schema: z.object({ grant: TeamGrant }) },
  errors: ['machine_not_found', 'forbidden', 'not_found', 'conflict', 'machine_hosts_stack'],
});

export const revokeFromGroup = defineRoute({
  id: 'revokeMachineFromGroup',
  owner: 'agent-hub',
  method: 'delete',
  path: '/api/machines/:agent_id/access/groups/:group_id',
  access: 'user',
  summary: 'Revoke the access of a group to a machine; terminals that rest on it end within a second',
  params: MachineParams.extend({ group_id: GroupId }),
  success: { status: 204 },
  errors: ['machine_not_found', 'forbidden', 'not_found'],
});

export const listTagGrants = defineRoute({
  id: 'listTagGrants',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/tag-grants',
  access: 'user',
  summary: 'The grants on tags of my machines; for administrators, those of all owners',
  success: { status: 200, schema: z.object({ grants: z.array(TeamGrant), total: z.number().int() }) },
});

export const grantOnTag = defineRoute({
  id: 'grantOnTag',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/tag-grants',
  access: 'user',
  summary: 'Grant a user or a group access to the machines of one owner that have a tag',
  description:
    'It counts on my machines, or for an administrator on those of `owner`: on those that have the tag now, and on those that get it later from a ' +
    'signed-in user or by an enrolment token. A tag that an agent or an access token sets later does not count until a user saves the tags of the ' +
    'machine. The same grant again changes its role.',
  body: z
    .strictObject({
      tag: MachineTag,
      group_id: GroupId.optional(),
      username: GrantedName.optional(),
      owner: GrantedName.optional().meta({ description: 'The username of the owner. Only for administrators.' }),
      role: GrantRole,
      linux_users: LinuxUsers,
    })
    .refine((body) => (body.group_id === undefined) !== (body.username === undefined), {
      message: 'must name a group or a user, and not both',
      path: ['group_id'],
    })
    .meta({ example: { tag: 'web', group_id: GroupId.meta()?.example, role: 'control' } }),
  success: {
    status: 200,
    schema: z.object({
      grant: TeamGrant,
      machines: z.number().int().meta({ description: 'How many machines it reaches now.' }),
    }),
  },
  errors: ['forbidden', 'not_found', 'conflict', 'sharing_refused'],
});

export const revokeTagGrant = defineRoute({
  id: 'revokeTagGrant',
  owner: 'agent-hub',
  method: 'delete',
  path: '/api/tag-grants/:grant_id',
  access: 'user',
  summary: 'Revoke a grant on a tag; terminals that rest on it end within a second',
  params: z.strictObject({ grant_id: GrantId }),
  success: { status: 204 },
  errors: ['not_found'],
});

export const teamGrantRoutes = [
  explainAccess,
  listTeamGrants,
  grantToGroup,
  revokeFromGroup,
  listTagGrants,
  grantOnTag,
  revokeTagGrant,
] as const;
