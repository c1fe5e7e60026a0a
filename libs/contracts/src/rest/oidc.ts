import { z } from 'zod';
import { Timestamp } from '../ids.ts';
import { SignInAnswer } from './accounts.ts';
import { defineRoute } from './route.ts';
import { LinkToken } from './setup-links.ts';

/** The id of a provider in the settings. */
export const ProviderId = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 characters of a-z 0-9 -')
  .meta({ example: 'keycloak' });

export const SignInProvider = z.object({
  id: ProviderId,
  label: z.string(),
  sets_up: z.boolean().meta({ description: 'Whether the account of a setup link can be linked with a sign-in there.' }),
});
export type SignInProvider = z.infer<typeof SignInProvider>;

const ProviderParams = z.strictObject({ provider: ProviderId });

const Begun = z.object({
  url: z.string().meta({ description: 'The page of the provider, for this browser.' }),
  transaction: z.string().meta({
    description: 'Kept by this browser until the provider sends the user back. Valid once, for 10 minutes.',
  }),
});

const Completion = z.strictObject({
  transaction: z.string().max(1024),
  query: z.string().max(8192).meta({
    description: 'The query of the address to which the provider sent the user back.',
    example: 'code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj',
  }),
});

export const beginOidc = defineRoute({
  id: 'beginOidc',
  owner: 'auth',
  method: 'post',
  path: '/api/login/oidc/:provider',
  access: 'public',
  summary: 'Start a sign-in through a provider (OpenID Connect)',
  description: '`setup_token`: the token of a setup link. Its account is linked with the sign-in at the provider.',
  params: ProviderParams,
  body: z.strictObject({ setup_token: LinkToken.optional() }),
  success: { status: 200, schema: Begun },
  errors: ['not_found', 'bad_link', 'not_linked'],
});

export const completeOidc = defineRoute({
  id: 'completeOidc',
  owner: 'auth',
  method: 'post',
  path: '/api/login/oidc',
  access: 'public',
  summary: 'Complete a sign-in through a provider',
  body: Completion,
  success: { status: 200, schema: SignInAnswer },
  errors: [
    'bad_challenge',
    'provider_refused',
    'not_linked',
    'second_factor_required',
    'user_disabled',
    'email_taken',
    'username_taken',
    'bad_link',
    'conflict',
  ],
});

export const Identity = z.object({
  id: z.string(),
  provider: z
    .string()
    .meta({ description: 'The label of the provider, or its issuer if it is not in the settings any more.' }),
  name: z.string().meta({ description: 'The e-mail address or name that the provider gave. It decides nothing.' }),
  linked_at: Timestamp,
  last_used_at: Timestamp.nullable(),
});
export type Identity = z.infer<typeof Identity>;

export const listIdentities = defineRoute({
  id: 'listIdentities',
  owner: 'auth',
  method: 'get',
  path: '/api/profile/identities',
  access: 'user',
  beforeEnrolment: true,
  summary: 'The sign-ins at providers that are linked with my account',
  success: {
    status: 200,
    schema: z.object({
      identities: z.array(Identity),
      providers: z.array(SignInProvider),
      has_password: z.boolean(),
    }),
  },
});

export const beginLink = defineRoute({
  id: 'beginLink',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/identities/:id',
  access: 'user',
  summary: 'Start to link my account with a sign-in at a provider',
  description:
    'A wrong current password is invalid_input with the path current_password. An account without a password needs a sign-in of the last 10 minutes.',
  params: z.strictObject({ id: ProviderId.meta({ description: 'The id of a provider.' }) }),
  body: z.strictObject({ current_password: z.string().max(512) }),
  success: { status: 200, schema: Begun },
  errors: ['not_found', 'conflict', 'step_up_required', 'forbidden'],
});

export const completeLink = defineRoute({
  id: 'completeLink',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/identities',
  access: 'user',
  summary: 'Link my account with the sign-in at the provider',
  body: Completion,
  success: { status: 204 },
  errors: ['bad_challenge', 'provider_refused', 'conflict', 'step_up_required'],
});

export const unlinkIdentity = defineRoute({
  id: 'unlinkIdentity',
  owner: 'auth',
  method: 'delete',
  path: '/api/profile/identities/:id',
  access: 'user',
  summary: 'Unlink a sign-in at a provider; every other sign-in of mine ends',
  params: z.strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9_-]{16}$/, 'must be the id of a link')
      .meta({ example: 'aWRlbnRpdHktb25l' }),
  }),
  success: { status: 204 },
  errors: ['not_found', 'conflict', 'step_up_required'],
});

export const oidcRoutes = [beginOidc, completeOidc, listIdentities, beginLink, completeLink, unlinkIdentity] as const;
