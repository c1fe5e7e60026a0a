import { z } from 'zod';
import { Timestamp } from '../ids.ts';
import { Password, SignInAnswer } from './accounts.ts';
import { defineRoute } from './route.ts';

/** `wxt_sl_` and 256 random bits as base64url, in the fragment of a setup or reset link. */
export const LinkToken = z
  .string()
  .regex(/^wxt_sl_[A-Za-z0-9_-]{43}$/, 'must be the token of a link')
  .meta({
    example: `wxt_sl_${'x'.repeat(43)}`,
  });

/** `setup`: for a new account that an administrator created. `reset`: for a user who does not know their password. */
export const LinkKind = z.enum(['setup', 'reset']);

export const lookUpLink = defineRoute({
  id: 'lookUpLink',
  owner: 'auth',
  method: 'post',
  path: '/api/auth/link',
  access: 'public',
  summary: 'The user of a link, before it is redeemed',
  description: 'Does not use the link up. One that was used, replaced or is over its time is bad_link.',
  body: z.strictObject({ token: LinkToken }),
  success: {
    status: 200,
    schema: z.object({
      kind: LinkKind,
      username: z.string(),
      email: z.string(),
      expires_at: Timestamp,
    }),
  },
  errors: ['bad_link'],
});

export const redeemLink = defineRoute({
  id: 'redeemLink',
  owner: 'auth',
  method: 'post',
  path: '/api/auth/setup',
  access: 'public',
  summary: 'Choose a password with a setup or reset link, and sign in',
  description:
    'A link is good once. Every sign-in that the account had ends. ' +
    'For an account with a second factor the password is changed, and the answer is 401 second_factor_required as of a sign-in.',
  body: z.strictObject({ token: LinkToken, password: Password }),
  success: { status: 200, schema: SignInAnswer },
  errors: ['bad_link', 'user_disabled', 'second_factor_required'],
});

export const linkRoutes = [lookUpLink, redeemLink] as const;
