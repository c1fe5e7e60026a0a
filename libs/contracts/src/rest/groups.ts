import { z } from 'zod';
import { Timestamp, UserId } from '../ids.ts';
import { GrantedName, Grantee } from './access.ts';
import { defineRoute } from './route.ts';
import { visibleText } from './visible-text.ts';

/** `gr_` and 32 hex digits: 128 bits. The hub creates it. */
export const GroupId = z
  .string()
  .regex(/^gr_[0-9a-f]{32}$/, 'must be a group id (gr_…)')
  .meta({ example: 'gr_4f0c6f6b3d5a4f1e9d1c2b3a4f5e6d7c' });

export const GroupName = visibleText(64).meta({
  description: 'Unique, 1 to 64 characters. Two names that differ only in case or form are the same.',
  override: { type: 'string' },
});
const GroupDescription = z
  .string()
  .max(500)
  .refine((text) => !text.includes('\0'), 'must have no NUL character');

export const Group = z
  .object({
    group_id: GroupId,
    name: z.string(),
    description: z.string(),
    members: z.number().int().meta({ description: 'How many users are in it.' }),
    created_at: Timestamp,
  })
  .meta({ id: 'Group' });
export type Group = z.infer<typeof Group>;

export const GroupMember = z
  .object({
    ...Grantee.shape,
    added_by: z.string().meta({ description: 'The username at that time of the administrator who added the user.' }),
    added_at: Timestamp,
  })
  .meta({ id: 'GroupMember', description: 'Name and address are empty if the account no longer exists.' });
export type GroupMember = z.infer<typeof GroupMember>;

const GroupParams = z.strictObject({ group_id: GroupId });

export const listGroups = defineRoute({
  id: 'listGroups',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/groups',
  access: 'user',
  summary: 'The groups by name: all of them for administrators, for others those that they are in',
  success: { status: 200, schema: z.object({ groups: z.array(Group), total: z.number().int() }) },
});

export const createGroup = defineRoute({
  id: 'createGroup',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/groups',
  access: 'admin',
  summary: 'Create a group of users, for administrators',
  body: z.strictObject({ name: GroupName, description: GroupDescription.default('') }),
  success: { status: 201, schema: z.object({ group: Group }) },
  errors: ['conflict'],
});

export const updateGroup = defineRoute({
  id: 'updateGroup',
  owner: 'agent-hub',
  method: 'patch',
  path: '/api/groups/:group_id',
  access: 'admin',
  summary: 'Change the name or the description of a group, for administrators',
  params: GroupParams,
  body: z.strictObject({ name: GroupName.optional(), description: GroupDescription.optional() }),
  success: { status: 200, schema: z.object({ group: Group }) },
  errors: ['not_found', 'conflict'],
});

export const deleteGroup = defineRoute({
  id: 'deleteGroup',
  owner: 'agent-hub',
  method: 'delete',
  path: '/api/groups/:group_id',
  access: 'admin',
  summary: 'Delete a group with its grants, for administrators',
  description: 'Terminals, commands and connections that its members have only by these grants end within a second.',
  params: GroupParams,
  success: { status: 204 },
  errors: ['not_found'],
});

export const listGroupMembers = defineRoute({
  id: 'listGroupMembers',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/groups/:group_id/members',
  access: 'admin',
  summary: 'The members of a group by name, for administrators',
  params: GroupParams,
  success: { status: 200, schema: z.object({ members: z.array(GroupMember), total: z.number().int() }) },
  errors: ['not_found'],
});

export const addGroupMember = defineRoute({
  id: 'addGroupMember',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/groups/:group_id/members',
  access: 'admin',
  summary: 'Add a user to a group, for administrators',
  params: GroupParams,
  body: z.strictObject({
    username: GrantedName,
    user_id: UserId.optional().meta({
      description: 'The user whom the caller means. If the username is now that of another user: conflict.',
    }),
  }),
  success: { status: 200, schema: z.object({ member: GroupMember }) },
  errors: ['not_found', 'conflict'],
});

export const removeGroupMember = defineRoute({
  id: 'removeGroupMember',
  owner: 'agent-hub',
  method: 'delete',
  path: '/api/groups/:group_id/members/:user_id',
  access: 'admin',
  summary: 'Remove a user from a group, for administrators',
  description:
    'Terminals, commands and connections that the user has only by the grants of the group end within a second.',
  params: z.strictObject({ group_id: GroupId, user_id: UserId }),
  success: { status: 204 },
  errors: ['not_found'],
});

export const groupRoutes = [
  listGroups,
  createGroup,
  updateGroup,
  deleteGroup,
  listGroupMembers,
  addGroupMember,
  removeGroupMember,
] as const;
