import { z } from 'zod';
import { LinuxUserName, Timestamp, UserId } from '../ids.ts';
import { maxLinuxUsers } from '../linux-users.ts';
import { MachineParams } from './machines.ts';
import { defineRoute } from './route.ts';

/** `control` opens terminals and runs commands; `view` sees the machine. */
export const GrantRole = z.enum(['control', 'view']);
export type GrantRole = z.infer<typeof GrantRole>;

export const MachineUser = z
  .object({
    user_id: UserId,
    username: z.string().meta({ description: 'Empty if the account no longer exists.' }),
    email: z.string().meta({ description: 'Empty if the account no longer exists.' }),
    avatar_url: z.string().nullable(),
    role: GrantRole,
    linux_users: z.array(z.string()).nullable().optional().meta({
      description:
        'The Linux users that the grant is limited to. Null: all of the machine. Missing: the service that answered is of the version before.',
    }),
    granted_by: z.string().meta({ description: 'The username at that time of the user who granted it.' }),
    granted_at: Timestamp,
  })
  .meta({ id: 'MachineUser' });
export type MachineUser = z.infer<typeof MachineUser>;

/** A user to whom a machine may be granted. Names can look alike; e-mail address and picture distinguish users. */
export const Grantee = z
  .object({ user_id: UserId, username: z.string(), email: z.string(), avatar_url: z.string().nullable() })
  .meta({ id: 'Grantee' });
export type Grantee = z.infer<typeof Grantee>;

export const GrantedName = z.string().min(1).max(256);

export const listAccess = defineRoute({
  id: 'listMachineAccess',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines/:agent_id/access/users',
  access: 'user',
  summary: 'The users with a grant of a machine, sorted by name; for its owner and administrators',
  params: MachineParams,
  success: { status: 200, schema: z.object({ users: z.array(MachineUser), total: z.number().int() }) },
  errors: ['machine_not_found', 'forbidden'],
});

export const findGrantee = defineRoute({
  id: 'findMachineGrantee',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines/:agent_id/access/grantee',
  access: 'user',
  summary: 'The user with exactly this username, to check before a grant; for owner and administrators',
  description: 'Only for a machine that can be granted. After 60 look-ups and grants, a user has 12 a minute.',
  params: MachineParams,
  query: z.strictObject({ username: GrantedName }),
  success: { status: 200, schema: z.object({ user: Grantee }) },
  errors: ['machine_not_found', 'forbidden', 'not_found', 'conflict', 'machine_hosts_stack'],
});

export const grantAccess = defineRoute({
  id: 'grantMachineAccess',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/machines/:agent_id/access/grant',
  access: 'user',
  summary: 'Grant a user access to a machine; for its owner and administrators',
  description:
    'A grant with `linux_users` opens terminals and runs commands only as these. Changing `control` to `view`, or taking a Linux user, ends ' +
    'the terminals and commands of the user on the machine within a second.',
  params: MachineParams,
  body: z.strictObject({
    username: GrantedName,
    role: GrantRole,
    linux_users: z
      .array(LinuxUserName)
      .min(1)
      .max(maxLinuxUsers)
      .nullable()
      .default(null)
      .meta({ description: 'The Linux users that the grant is limited to. Null: all of the machine.' }),
    user_id: UserId.optional().meta({
      description: 'The user whom the caller means. If the username is now that of another user: conflict.',
    }),
  }),
  success: { status: 200, schema: z.object({ user: MachineUser }) },
  errors: ['machine_not_found', 'forbidden', 'not_found', 'conflict', 'machine_hosts_stack', 'sharing_refused'],
});

export const revokeAccess = defineRoute({
  id: 'revokeMachineAccess',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/machines/:agent_id/access/revoke',
  access: 'user',
  summary: 'Revoke the access of a user to a machine; their terminals on it end within a second',
  params: MachineParams,
  body: z.strictObject({ username: GrantedName }),
  success: { status: 200, schema: z.object({ message: z.string() }) },
  errors: ['machine_not_found', 'forbidden', 'not_found'],
});

export const leaveAccess = defineRoute({
  id: 'leaveMachine',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/machines/:agent_id/access/leave',
  access: 'user',
  summary: 'Give up access that I was granted; my terminals on the machine end within a second',
  params: MachineParams,
  body: z.strictObject({
    block_giver: z.boolean().default(false).meta({
      description: 'Also block the user who granted the access from sharing machines with me.',
    }),
  }),
  success: { status: 200, schema: z.object({ message: z.string() }) },
  errors: ['machine_not_found', 'not_found', 'conflict'],
});

export const BlockedUser = z
  .object({
    user_id: UserId,
    username: z.string().meta({ description: 'As it was when the user was blocked.' }),
    blocked_at: Timestamp,
  })
  .meta({ id: 'BlockedUser' });
export type BlockedUser = z.infer<typeof BlockedUser>;

export const listBlockedUsers = defineRoute({
  id: 'listBlockedUsers',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/machines/access/blocked',
  access: 'user',
  summary: 'The users whom I have blocked from sharing machines with me',
  success: { status: 200, schema: z.object({ users: z.array(BlockedUser), total: z.number().int() }) },
});

export const blockUser = defineRoute({
  id: 'blockUser',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/machines/access/blocked',
  access: 'user',
  summary: 'Block a user from sharing machines with me; earlier grants stay until I leave them',
  body: z.strictObject({ username: GrantedName }),
  success: { status: 200, schema: z.object({ user: BlockedUser }) },
  errors: ['not_found', 'conflict'],
});

export const unblockUser = defineRoute({
  id: 'unblockUser',
  owner: 'agent-hub',
  method: 'delete',
  path: '/api/machines/access/blocked/:user_id',
  access: 'user',
  summary: 'Unblock a user, who can then share machines with me again',
  params: z.strictObject({ user_id: z.string().max(64) }),
  success: { status: 204 },
  errors: ['not_found'],
});

export const accessRoutes = [
  listAccess,
  findGrantee,
  grantAccess,
  revokeAccess,
  leaveAccess,
  listBlockedUsers,
  blockUser,
  unblockUser,
] as const;
