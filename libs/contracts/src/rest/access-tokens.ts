import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { AgentId, Timestamp, UserId } from '../ids.ts';
import { TokenScope } from '../token-scopes.ts';
import { MachineTags } from './machine-labels.ts';
import { defineRoute } from './route.ts';
import { visibleText } from './visible-text.ts';

/** Access tokens of one user, with those that have expired. */
export const maxAccessTokens = 50;
/** Days for which a token is valid unless its creation says otherwise. */
export const defaultTokenDays = 90;

const isAddressOrBlock = (text: string): boolean =>
  text.includes('/')
    ? ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)
    : ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);

const Addresses = z
  .array(
    z.string().max(64).refine(isAddressOrBlock, 'must be an address or a CIDR block').meta({ example: '192.0.2.0/24' }),
  )
  .max(20);

/** How long a token is valid, in days. */
export const TokenDays = z.number().int().min(1).max(36_500).default(defaultTokenDays);

const TokenId = z
  .string()
  .regex(/^pt_[0-9A-Za-z]{16}$/, 'must be the id of an access token (pt_…)')
  .meta({ example: 'pt_4fT9aK2mXq81BvZc' });

export const AccessTokenSummary = z
  .object({
    id: TokenId,
    name: z.string(),
    scopes: z.array(z.string()).meta({ description: 'The scopes that the token was created with.' }),
    machines: z
      .array(AgentId)
      .meta({ description: 'Only these machines, and those with one of the tags. Both empty: all.' }),
    tags: z.array(z.string()),
    addresses: z.array(z.string()).meta({ description: 'Addresses and CIDR blocks it can be used from. Empty: all.' }),
    created_at: Timestamp,
    expires_at: Timestamp,
    /** Time and address of the last use, accurate to a minute. Null: never used. */
    last_used_at: Timestamp.nullable(),
    last_used_ip: z.string().nullable(),
  })
  .meta({ id: 'AccessToken' });
export type AccessTokenSummary = z.infer<typeof AccessTokenSummary>;

const TokenList = z.object({
  tokens: z.array(AccessTokenSummary),
  max_days: z.number().int().meta({ description: 'The longest validity that this server allows, in days.' }),
});

export const listAccessTokens = defineRoute({
  id: 'listAccessTokens',
  owner: 'auth',
  method: 'get',
  path: '/api/profile/tokens',
  access: 'user',
  summary: 'My access tokens, newest first',
  description: 'Expired ones are listed for 30 days.',
  success: { status: 200, schema: TokenList },
});

export const createAccessToken = defineRoute({
  id: 'createAccessToken',
  owner: 'auth',
  method: 'post',
  path: '/api/profile/tokens',
  access: 'user',
  summary: 'Create an access token for a program',
  description:
    'A program sends it as `Authorization: Bearer vsay_pat_…`. It allows what its scopes name, and never more than its owner may do at the ' +
    'time of the call. It is shown in this response only. `audit:read` and `updates:manage` need an administrator.',
  body: z.strictObject({
    name: visibleText(64).meta({ example: 'nightly backup', override: { type: 'string' } }),
    scopes: z
      .array(TokenScope)
      .min(1, 'must name a scope')
      .max(TokenScope.options.length)
      .meta({ example: ['see', 'command'] }),
    machines: z.array(AgentId).max(50).default([]),
    tags: MachineTags.default([]),
    addresses: Addresses.default([]),
    expires_in_days: TokenDays,
  }),
  success: {
    status: 201,
    schema: z.object({
      token: z.string().meta({
        description: '`vsay_pat_`, 30 random base62 characters (178 bits) and a checksum of 6.',
        example: 'vsay_pat_0123456789ABCDEFGHIJKLMNOPQRST2vXz9a',
      }),
      access_token: AccessTokenSummary,
    }),
  },
  errors: ['forbidden', 'too_many_access_tokens', 'step_up_required'],
});

export const revokeAccessToken = defineRoute({
  id: 'revokeAccessToken',
  owner: 'auth',
  method: 'delete',
  path: '/api/profile/tokens/:id',
  access: 'user',
  summary: 'Revoke one of my access tokens; the terminals that it opened end',
  params: z.strictObject({ id: z.string().max(64) }),
  success: { status: 204 },
  errors: ['not_found'],
});

export const listUserTokens = defineRoute({
  id: 'listUserTokens',
  owner: 'auth',
  method: 'get',
  path: '/api/users/:id/tokens',
  access: 'admin',
  summary: 'The access tokens of a user',
  params: z.strictObject({ id: UserId }),
  success: { status: 200, schema: TokenList },
  errors: ['not_found'],
});

export const revokeUserTokens = defineRoute({
  id: 'revokeUserTokens',
  owner: 'auth',
  method: 'delete',
  path: '/api/users/:id/tokens',
  access: 'admin',
  summary: 'Revoke the access tokens of a user, or one of them',
  params: z.strictObject({ id: UserId }),
  query: z.strictObject({ token_id: z.string().max(64).optional() }),
  success: { status: 200, schema: z.object({ revoked: z.number().int() }) },
  errors: ['not_found', 'step_up_required'],
});

export const accessTokenRoutes = [
  listAccessTokens,
  createAccessToken,
  revokeAccessToken,
  listUserTokens,
  revokeUserTokens,
] as const;
