import { z } from 'zod';
import { Email, Profile, Username } from './accounts.ts';
import { defineRoute } from './route.ts';

const CurrentPassword = z.string().max(512);

export const updateProfile = defineRoute({
  id: 'updateProfile',
  owner: 'auth',
  method: 'patch',
  path: '/api/profile',
  access: 'user',
  summary: 'Change my username or e-mail address',
  description:
    'Another e-mail address needs the current password. A wrong or missing one is invalid_input with the path current_password.',
  body: z
    .strictObject({
      username: Username.optional(),
      email: Email.optional(),
      current_password: CurrentPassword.optional(),
    })
    .refine((change) => change.username !== undefined || change.email !== undefined, 'must change username or email'),
  success: { status: 200, schema: Profile },
  errors: ['forbidden', 'email_taken', 'username_taken', 'step_up_required', 'conflict'],
});

/** Everything that a deletion of the account affects. Shown before the deletion. */
export const Belongings = z
  .object({
    machines: z.number().int(),
    /** The first 20 names in alphabetical order. */
    machine_names: z.array(z.string()),
    /** Live terminal sessions on all machines. They end. */
    sessions: z.number().int(),
    /** The last enabled administrator cannot be deleted. */
    last_admin: z.boolean(),
  })
  .meta({ id: 'Belongings' });

export const profileBelongings = defineRoute({
  id: 'profileBelongings',
  owner: 'auth',
  method: 'get',
  path: '/api/profile/belongings',
  access: 'user',
  summary: 'The machines and sessions that a deletion of my account affects',
  success: { status: 200, schema: Belongings },
});

export const leave = defineRoute({
  id: 'deleteProfile',
  owner: 'auth',
  method: 'delete',
  path: '/api/profile',
  access: 'user',
  summary: 'Delete my account; my sign-ins and terminals end',
  description:
    'A user who owns machines must send `"machines": "remove"`; otherwise the response is machines_left. ' +
    'To transfer machines, ask an administrator to delete the account. The last administrator cannot delete theirs.',
  body: z.strictObject({ current_password: CurrentPassword, machines: z.literal('remove').optional() }),
  success: { status: 204 },
  errors: ['forbidden', 'machines_left', 'conflict', 'step_up_required'],
});

/** Largest accepted picture, bytes. As base64 it still fits into a request body. */
export const maxAvatarBytes = 45 * 1024;

/** An uploaded picture. */
export const AvatarDataUrl = z
  .string()
  .max(Math.ceil(maxAvatarBytes / 3) * 4 + 23, 'must be a picture of 45 KiB or less')
  .regex(
    /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/,
    'must be a data: URL of a PNG, JPEG or WebP picture',
  )
  .meta({ example: 'data:image/png;base64,iVBORw0KGgo=' });

export const uploadAvatar = defineRoute({
  id: 'uploadAvatar',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/upload-avatar',
  access: 'user',
  summary: 'Upload my picture',
  description:
    'PNG, JPEG or WebP as a data: URL, 45 KiB and 2048 x 2048 pixels at most. It is cut to a square, made small and encoded anew: ' +
    'nothing else that was in the file survives.',
  body: z.strictObject({ avatar_url: AvatarDataUrl }),
  success: { status: 200, schema: z.object({ message: z.string(), avatar_url: z.string() }) },
  errors: ['too_many_requests'],
});

export const deleteAvatar = defineRoute({
  id: 'deleteAvatar',
  owner: 'auth',
  method: 'delete',
  path: '/api/profile/avatar',
  access: 'user',
  summary: 'Delete my picture',
  success: { status: 204 },
});

/** 128 random bits as base64url. An image tag cannot send a token, so the URL itself must be unguessable. */
export const AvatarId = z.string().regex(/^[A-Za-z0-9_-]{21}[AQgw]$/, 'must be the id of a picture');

export const avatar = defineRoute({
  id: 'avatar',
  owner: 'auth',
  method: 'get',
  path: '/api/avatars/:id',
  access: 'public',
  summary: 'A picture of a user, PNG',
  params: z.strictObject({ id: AvatarId }),
  success: { status: 200, stream: 'image/png' },
  errors: ['not_found'],
});

export const profileRoutes = [updateProfile, profileBelongings, leave, uploadAvatar, deleteAvatar, avatar] as const;
