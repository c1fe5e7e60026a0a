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
  summary: 'Replace my API key; agents with the old key are disconnected until they are configured again',
  success: { status: 200, schema: z.object({ message: z.string(), api_key: ApiKey }) },
  errors: ['step_up_required'],
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
  errors: ['forbidden', 'step_up_required', 'conflict'],
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
    /** Whether the user signs in with a second factor. False in a response of an older version. */
    second_factor: z.boolean().default(false),
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
  summary: 'Create an account, and a link with which its user chooses the password',
  description: 'The link is valid once and for an hour. POST /api/users/:id/reset-link creates another one.',
  body: z.strictObject({ username: Username, email: Email, role: Role.default('user') }),
  success: {
    status: 201,
    schema: z.object({
      user: UserSummary,
      setup_url: z.string(),
      expires_in: z.number().int().meta({ description: 'Seconds.' }),
    }),
  },
  errors: ['email_taken', 'username_taken', 'step_up_required'],
});

export const createResetLink = defineRoute({
  id: 'createResetLink',
  owner: 'auth',
  method: 'post',
  path: '/api/users/:id/reset-link',
  access: 'admin',
  summary: 'Create a link with which a user chooses a new password',
  description: 'Valid once and for an hour. It invalidates the previous link. A password change invalidates it.',
  params: UserParams,
  success: {
    status: 201,
    schema: z.object({ url: z.string(), expires_in: z.number().int().meta({ description: 'Seconds.' }) }),
  },
  errors: ['not_found', 'step_up_required'],
});

export const userBelongings = defineRoute({
  id: 'userBelongings',
  owner: 'auth',
  method: 'get',
  path: '/api/users/:id/belongings',
  access: 'admin',
  summary: 'The machines and sessions that a deletion of the account affects',
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
  description: 'Takes effect at once on all their sign-ins. A change of the last enabled administrator gets 409.',
  params: UserParams,
  body: z
    .strictObject({ role: Role.optional(), disabled: z.boolean().optional() })
    .refine((change) => change.role !== undefined || change.disabled !== undefined, 'must change role or disabled'),
  success: { status: 200, schema: z.object({ user: UserSummary }) },
  errors: ['not_found', 'conflict', 'step_up_required'],
});

export const deleteUser = defineRoute({
  id: 'deleteUser',
  owner: 'auth',
  method: 'delete',
  path: '/api/users/:id',
  access: 'admin',
  summary: 'Delete a user; all their sign-ins and terminals end',
  description:
    'For a user who owns machines the response is machines_left, unless the request says what happens to them: ' +
    '`machines_to` is the new owner, `machines=remove` removes them.',
  params: UserParams,
  query: z
    .strictObject({ machines: z.literal('remove').optional(), machines_to: UserId.optional() })
    .refine(({ machines, machines_to }) => machines === undefined || machines_to === undefined, {
      message: 'must not come with machines=remove',
      path: ['machines_to'],
    }),
  success: { status: 204 },
  errors: ['not_found', 'machines_left', 'conflict', 'step_up_required'],
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
