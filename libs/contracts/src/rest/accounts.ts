import { z } from 'zod';
import { Timestamp, UserId } from '../ids.ts';
import { defineRoute } from './route.ts';
import { visibleText } from './visible-text.ts';

const codePoints = (text: string): number => [...text].length;

/** A display name. Two names are the same if they differ only in case or look alike (UTS 39). A second one gets username_taken. */
export const Username = visibleText(64).meta({
  description: 'Unique display name, 1 to 64 characters. A name that looks like the name of another user is taken too.',
  example: 'johndoe',
  override: { type: 'string' },
});

/** Stored as typed. Unique in its lower-case form. */
export const Email = z.email('must be a valid e-mail address').max(254).meta({ example: 'john@example.com' });

/** 6 to 128 code points; no composition rule. */
export const Password = z
  .string()
  .max(512, 'must be 6 to 128 characters')
  .refine((password) => codePoints(password) >= 6 && codePoints(password) <= 128, 'must be 6 to 128 characters')
  .meta({
    description: '6 to 128 characters, any characters.',
    example: 'yourpassword',
    minLength: 6,
  });

/** `vsay_ak_` and 32 base62 characters (190 bits). Configures an agent. */
export const ApiKey = z
  .string()
  .regex(/^vsay_ak_[0-9A-Za-z]{32}$/, 'must be an API key (vsay_ak_…)')
  .meta({ example: 'vsay_ak_0123456789abcdefghijklmnopqrstuv' });

/** A JWT, HS256, 24 h. Opaque to clients. */
export const AccessToken = z.string().max(4096).meta({
  description: 'JWT (HS256), valid for 24 hours.',
  example: 'eyJhbGciOiJIUzI1NiIs...',
});

export const Role = z.enum(['user', 'admin']);
export type Role = z.infer<typeof Role>;

/** Response of sign-up and sign-in, fixed by the authentication API. */
export const SignInAnswer = z
  .object({
    token: AccessToken,
    user: z.object({
      id: UserId,
      username: z.string(),
      email: z.string(),
      api_key: z.string(),
    }),
  })
  .meta({ id: 'SignInAnswer' });

export const signup = defineRoute({
  id: 'signup',
  owner: 'auth',
  method: 'post',
  path: '/api/signup',
  access: 'public',
  summary: 'Create an account and sign in',
  body: z.strictObject({
    username: Username,
    email: Email,
    password: Password,
  }),
  success: { status: 201, schema: SignInAnswer },
  errors: ['email_taken', 'username_taken', 'signup_closed'],
});

export const login = defineRoute({
  id: 'login',
  owner: 'auth',
  method: 'post',
  path: '/api/login',
  access: 'public',
  summary: 'Sign in with e-mail and password',
  description:
    'An account with a second factor answers 401 second_factor_required with a challenge for POST /api/login/second-factor. ' +
    'Every other account gets its token at once.',
  body: z.strictObject({
    email: z.string().max(254),
    password: z.string().max(512),
  }),
  success: { status: 200, schema: SignInAnswer },
  errors: ['wrong_credentials', 'user_disabled', 'second_factor_required'],
});

export const refresh = defineRoute({
  id: 'refreshToken',
  owner: 'auth',
  method: 'post',
  path: '/api/auth/refresh',
  access: 'public',
  summary: 'Exchange a valid token for a new one',
  description:
    'The old token stays valid until its own expiry. Near the end of a sign-in (30 days) the new token is shorter.',
  body: z.strictObject({ token: AccessToken }),
  success: { status: 200, schema: z.object({ token: AccessToken }) },
  errors: ['unauthenticated'],
});

export const logout = defineRoute({
  id: 'logout',
  owner: 'auth',
  method: 'post',
  path: '/api/auth/logout',
  access: 'user',
  beforeEnrolment: true,
  summary: 'End this sign-in and all its tokens',
  success: { status: 204 },
});

/** The second half of the browser's reload secret. Kept in localStorage, useless without the cookie. */
export const BrowserHalf = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .meta({ example: 'h'.repeat(43) });

export const browserSession = defineRoute({
  id: 'browserSession',
  owner: 'auth',
  method: 'post',
  path: '/api/auth/session',
  access: 'cookie',
  beforeEnrolment: true,
  summary: 'For the web UI: start, renew or resume the sign-in of this browser',
  description:
    'With a Bearer token (right after sign-in) it binds this browser to the sign-in: sets the cookie and answers a `half` to keep in localStorage. ' +
    'Without one it needs the cookie and the `half`, rotates both and answers a new token. Demands an allowed Origin and the header x-webxterm-browser: 1.',
  body: z.strictObject({ half: BrowserHalf.optional() }),
  success: {
    status: 200,
    schema: z.object({
      token: AccessToken,
      half: BrowserHalf,
      expires_at: Timestamp.meta({ description: 'When the token ends: come again before.' }),
      user: z.object({
        id: UserId,
        username: z.string(),
        email: z.string(),
        role: Role,
        avatar_url: z.string().nullable(),
      }),
      second_factor: z
        .object({
          required_from: Timestamp.nullable().meta({
            description: 'From when the user may only set up a second factor. Null: never, or the user has one.',
          }),
          reset_at: Timestamp.nullable().meta({
            description: 'When an administrator removed the second factors. Null: never, or the user has dismissed it.',
          }),
        })
        .optional()
        .meta({ description: 'Missing in a response of an older version.' }),
    }),
  },
  errors: ['origin_not_allowed'],
});

export const Profile = z.object({
  user: z.object({
    id: UserId,
    username: z.string(),
    email: z.string(),
    role: Role,
    api_key: z.string().meta({
      description:
        'Empty for an access token, and until the second factor was confirmed: GET /api/profile/api-key shows it then.',
    }),
    api_key_created_at: Timestamp,
    /** Time and address of the last registration of an agent with the key, accurate to a minute. Null: never. */
    api_key_last_used_at: Timestamp.nullable(),
    api_key_last_used_ip: z.string().nullable(),
    avatar_url: z.string().nullable(),
    created_at: Timestamp,
  }),
});

export const profile = defineRoute({
  id: 'profile',
  owner: 'auth',
  method: 'get',
  path: '/api/profile',
  access: 'user',
  beforeEnrolment: true,
  summary: 'My account, with the API key for agents',
  success: { status: 200, schema: Profile },
});

export const showApiKey = defineRoute({
  id: 'showApiKey',
  owner: 'auth',
  method: 'get',
  path: '/api/profile/api-key',
  access: 'user',
  summary: 'My API key; an account with a second factor confirms with it first',
  success: { status: 200, schema: z.object({ api_key: ApiKey }) },
  errors: ['step_up_required'],
});

export const accountRoutes = [signup, login, refresh, logout, browserSession, profile, showApiKey] as const;
