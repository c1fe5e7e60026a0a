import { z } from 'zod';
import { Timestamp } from '../ids.ts';
import { TokenScope } from '../token-scopes.ts';
import { AccessTokenSummary, TokenDays } from './access-tokens.ts';
import { defineRoute } from './route.ts';
import { visibleText } from './visible-text.ts';

/** Time in seconds from the request of a program to the token. */
export const programLoginSeconds = 600;

/** Letters of a code that is typed by hand: no vowels, so no words, and no digits that look like letters. */
export const userCodeLetters = 'BCDFGHJKLMNPQRSTVWXZ';
export const userCodeLength = 8;

const base64url256 = (what: string) => z.string().regex(/^[A-Za-z0-9_-]{43}$/, `must be ${what}`);

/** 256 random bits. Names the request of a program. */
const LoginRequestId = base64url256('the id of a log-in').meta({ example: 'A'.repeat(43) });

/** Where a browser brings the code: a server of the program on this computer, at its numeric address (RFC 8252, 7.3). */
export const LoopbackAddress = z
  .string()
  .regex(
    /^http:\/\/(?:127\.0\.0\.1|\[::1\]):[1-9]\d{0,4}\/[A-Za-z0-9_-]{0,64}$/,
    'must be http://127.0.0.1:PORT/PATH or http://[::1]:PORT/PATH',
  )
  .refine((text) => URL.canParse(text), 'must have a port up to 65535')
  .meta({ example: 'http://127.0.0.1:49152/' });

export const beginProgramLogin = defineRoute({
  id: 'beginProgramLogin',
  owner: 'auth',
  method: 'post',
  path: '/api/login/program',
  access: 'public',
  summary: 'Ask a user for an access token for this program',
  description:
    'With `redirect_uri`, the program opens `/authorize?request=…` in the browser of its user, which brings a code to that address. Without it, the user ' +
    'types `user_code` on the page `/authorize`. The program keeps the verifier (PKCE, RFC 7636, S256) and redeems the request within 10 minutes, from the ' +
    'address that it was made from.',
  body: z.strictObject({
    host: visibleText(64).meta({
      description: 'The name of the computer.',
      example: 'laptop',
      override: { type: 'string' },
    }),
    scopes: z
      .array(TokenScope)
      .min(1)
      .max(TokenScope.options.length)
      .meta({ example: ['see', 'open'] }),
    code_challenge: base64url256('the SHA-256 of the verifier, as base64url').meta({ example: 'B'.repeat(43) }),
    redirect_uri: LoopbackAddress.optional(),
  }),
  success: {
    status: 201,
    schema: z.object({
      request: LoginRequestId,
      user_code: z.string().nullable().meta({ description: 'Null with redirect_uri.', example: 'BCDF-GHJK' }),
      expires_in: z.number().int().meta({ description: 'Seconds.' }),
    }),
  },
});

const ProgramLoginParams = z.strictObject({
  id: z.string().max(64).meta({ description: 'The id of the request, or the code that the user typed.' }),
});

/** The request of a program, as its user sees it before agreeing. */
export const ProgramLogin = z
  .object({
    host: z.string().meta({ description: 'The name of the computer, as the program states it.' }),
    address: z.string().meta({ description: 'The address from which the program asks.' }),
    scopes: z.array(z.string()),
    typed: z.boolean().meta({ description: 'The user typed a code, so the program may be on another computer.' }),
    created_at: Timestamp,
    max_days: z.number().int().meta({ description: 'The longest validity of a token, in days.' }),
  })
  .meta({ id: 'ProgramLogin' });
export type ProgramLogin = z.infer<typeof ProgramLogin>;

export const getProgramLogin = defineRoute({
  id: 'programLogin',
  owner: 'auth',
  method: 'get',
  path: '/api/profile/program-logins/:id',
  access: 'user',
  summary: 'A program that asks me for an access token',
  params: ProgramLoginParams,
  success: { status: 200, schema: ProgramLogin },
  errors: ['not_found'],
});

export const answerProgramLogin = defineRoute({
  id: 'answerProgramLogin',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/program-logins/:id',
  access: 'user',
  summary: 'Let a program have an access token of mine, or refuse it',
  description:
    'The token is created when the program redeems the request. It gets the scopes that the program asked for.',
  params: ProgramLoginParams,
  body: z.discriminatedUnion('agree', [
    z.strictObject({ agree: z.literal(true), expires_in_days: TokenDays }),
    z.strictObject({ agree: z.literal(false) }),
  ]),
  success: {
    status: 200,
    schema: z.object({
      redirect_to: z.string().nullable().meta({
        description: 'Where the browser brings the answer. Null: the program asks for it.',
        example: 'http://127.0.0.1:49152/?code=…',
      }),
    }),
  },
  errors: ['not_found', 'forbidden', 'step_up_required', 'too_many_access_tokens'],
});

export const redeemProgramLogin = defineRoute({
  id: 'redeemProgramLogin',
  owner: 'auth',
  method: 'post',
  path: '/api/login/program/token',
  access: 'public',
  summary: 'The access token that a user agreed to',
  description:
    '`waiting`: ask again after 2 s. A request is redeemed once. A wrong verifier or code ends the request. `bad_challenge`: it is over, was redeemed, or ' +
    'was made from another address. `forbidden`: the user refused.',
  body: z.strictObject({
    request: LoginRequestId,
    code_verifier: z
      .string()
      .regex(/^[A-Za-z0-9._~-]{43,128}$/, 'must be a verifier of RFC 7636')
      .meta({ example: 'C'.repeat(43) }),
    code: base64url256('the code that the browser brought')
      .optional()
      .meta({ example: 'D'.repeat(43) }),
  }),
  success: {
    status: 200,
    schema: z.object({
      waiting: z.boolean(),
      token: z.string().nullable(),
      access_token: AccessTokenSummary.nullable(),
    }),
  },
  errors: ['bad_challenge', 'forbidden', 'too_many_access_tokens', 'unauthenticated'],
});

export const revokeOwnToken = defineRoute({
  id: 'revokeOwnToken',
  owner: 'auth',
  method: 'delete',
  path: '/api/login/program/token',
  access: 'user',
  summary: 'Revoke the access token that makes this call',
  success: { status: 204 },
  errors: ['not_found'],
});

export const programLoginRoutes = [
  beginProgramLogin,
  getProgramLogin,
  answerProgramLogin,
  redeemProgramLogin,
  revokeOwnToken,
] as const;
