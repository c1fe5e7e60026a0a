import { z } from 'zod';
import { Timestamp, UserId } from '../ids.ts';
import { ApiKey, Password, Role } from './accounts.ts';
import { defineRoute, PageQuery, pageFields } from './route.ts';

export const regenerateApiKey = defineRoute({
  id: 'regenerateApiKey',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/regenerate-api-key',
  access: 'user',
  summary: 'Replace my API key: agents that use the old one are cut off at once, until configured again',
  success: { status: 200, schema: z.object({ message: z.string(), api_key: ApiKey }) },
});

export const resetPassword = defineRoute({
  id: 'resetPassword',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/reset-password',
  access: 'user',
  summary: 'Change my password; every other sign-in ends',
  description: 'A wrong current password is invalid_input with the path current_password: this sign-in goes on.',
  body: z.strictObject({ current_password: z.string().max(512), new_password: Password }),
  success: { status: 200, schema: z.object({ message: z.string() }) },
});

export const UserSummary = z
  .object({
    id: UserId,
    username: z.string(),
    email: z.string(),
    role: Role,
    disabled: z.boolean(),
    created_at: Timestamp,
  })
  .meta({ id: 'User' });

export const listUsers = defineRoute({
  id: 'listUsers',
  owner: 'auth',
  method: 'get',
  path: '/api/users',
  access: 'admin',
  summary: 'All users, by name',
  query: PageQuery.extend({
    /** Part of the username or e-mail address, in any case. */
    search: z.string().max(254).optional(),
  }),
  success: { status: 200, schema: z.object({ users: z.array(UserSummary), ...pageFields }) },
});

export const updateUser = defineRoute({
  id: 'updateUser',
  owner: 'auth',
  method: 'patch',
  path: '/api/users/:id',
  access: 'admin',
  summary: 'Change the role of a user, disable or enable them',
  description:
    'Takes effect at once on all their sign-ins. One enabled administrator always remains: the last one is 409.',
  params: z.strictObject({ id: UserId }),
  body: z
    .strictObject({ role: Role.optional(), disabled: z.boolean().optional() })
    .refine((change) => change.role !== undefined || change.disabled !== undefined, 'must change role or disabled'),
  success: { status: 200, schema: z.object({ user: UserSummary }) },
  errors: ['not_found', 'conflict'],
});

export const deleteUser = defineRoute({
  id: 'deleteUser',
  owner: 'auth',
  method: 'delete',
  path: '/api/users/:id',
  access: 'admin',
  summary: 'Delete a user; all their sign-ins and terminals end',
  params: z.strictObject({ id: UserId }),
  success: { status: 204 },
  errors: ['not_found', 'conflict'],
});

export const userRoutes = [regenerateApiKey, resetPassword, listUsers, updateUser, deleteUser] as const;
