import { z } from 'zod';
import { Timestamp, UserId } from '../ids.ts';
import { ApiKey, Email, Password, Role, Username } from './accounts.ts';
import { Belongings } from './profile.ts';
import { defineRoute, PageQuery, pageFields, searchText } from './route.ts';

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
    /** False until the user has chosen a password through the setup link. */
    set_up: z.boolean(),
    avatar_url: z.string().nullable(),
    created_at: Timestamp,
  })
  .meta({ id: 'User' });

const UserParams = z.strictObject({ id: UserId });

export const createUser = defineRoute({
  id: 'createUser',
  owner: 'auth',
  method: 'post',
  path: '/api/users',
  access: 'admin',
  summary: 'Make an account for somebody, who chooses the password by the link',
  description: 'The link is good once and for an hour; POST /api/users/:id/reset-link makes another one.',
  body: z.strictObject({ username: Username, email: Email, role: Role.default('user') }),
  success: {
    status: 201,
    schema: z.object({
      user: UserSummary,
      setup_url: z.string(),
      expires_in: z.number().int().meta({ description: 'Seconds.' }),
    }),
  },
  errors: ['email_taken', 'username_taken'],
});

export const createResetLink = defineRoute({
  id: 'createResetLink',
  owner: 'auth',
  method: 'post',
  path: '/api/users/:id/reset-link',
  access: 'admin',
  summary: 'A link by which a user chooses a new password',
  description: 'Good once and for an hour. It ends the link before it; a password change ends it.',
  params: UserParams,
  success: {
    status: 201,
    schema: z.object({ url: z.string(), expires_in: z.number().int().meta({ description: 'Seconds.' }) }),
  },
  errors: ['not_found'],
});

export const userBelongings = defineRoute({
  id: 'userBelongings',
  owner: 'auth',
  method: 'get',
  path: '/api/users/:id/belongings',
  access: 'admin',
  summary: 'What goes with an account if it is deleted',
  params: UserParams,
  success: { status: 200, schema: Belongings },
  errors: ['not_found'],
});

export const listUsers = defineRoute({
  id: 'listUsers',
  owner: 'auth',
  method: 'get',
  path: '/api/users',
  access: 'admin',
  summary: 'All users, by name',
  query: PageQuery.extend({
    /** Part of the username or e-mail address, case-insensitive. */
    search: searchText(254).optional(),
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
  params: UserParams,
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
  description:
    'Who owns machines is machines_left unless it is said what becomes of them: `machines_to` names who gets them, ' +
    '`machines=remove` removes them.',
  params: UserParams,
  query: z
    .strictObject({ machines: z.literal('remove').optional(), machines_to: UserId.optional() })
    .refine(({ machines, machines_to }) => machines === undefined || machines_to === undefined, {
      message: 'must not come with machines=remove',
      path: ['machines_to'],
    }),
  success: { status: 204 },
  errors: ['not_found', 'machines_left', 'conflict'],
});

export const userRoutes = [
  regenerateApiKey,
  resetPassword,
  listUsers,
  createUser,
  updateUser,
  deleteUser,
  userBelongings,
  createResetLink,
] as const;
