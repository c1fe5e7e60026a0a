import {
  type AccessTokenSummary,
  createAccessToken,
  listAccessTokens,
  listUserTokens,
  revokeAccessToken,
  revokeUserTokens,
} from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { z } from 'zod';
import type { CallerCheck } from '../signins/caller-check.ts';
import type { AccessToken } from './access-token.ts';
import type { AccessTokens } from './access-tokens.ts';

export interface AccessTokenRoutes {
  readonly accessTokenAdmin: AccessTokens;
  readonly callerCheck: CallerCheck;
}

/** Routes of the user's own access tokens, and of those of all users for administrators. */
export const mountAccessTokens = (api: Api, { accessTokenAdmin: admin, callerCheck }: AccessTokenRoutes): void => {
  const listOf = async (userId: string) => ({
    tokens: (await admin.list(userId)).map(summaryOf),
    max_days: admin.maxDays,
  });

  api.mount(listAccessTokens, ({ caller }) => listOf(caller.userId));

  api.mount(createAccessToken, async ({ caller, body }) => {
    const scopes = [...new Set(body.scopes)];
    const { token, stored } = await admin.create(caller, { ...body, scopes });
    return { token, access_token: summaryOf(stored) };
  });

  api.mount(revokeAccessToken, async ({ caller, params }) => {
    await admin.revoke(caller.userId, params.id);
    return undefined;
  });

  api.mount(listUserTokens, ({ params }) => listOf(params.id));

  api.mount(revokeUserTokens, async ({ caller, params, query }) => ({
    revoked: await admin.revokeOfUser(params.id, query.token_id, callerCheck.asAdmin(caller)),
  }));
};

export const summaryOf = (token: AccessToken): z.input<typeof AccessTokenSummary> => ({
  id: token.token_id,
  name: token.name,
  scopes: [...token.scopes],
  machines: [...token.machines],
  tags: [...token.tags],
  addresses: [...token.addresses],
  created_at: token.created_at.toISOString(),
  expires_at: token.expires_at.toISOString(),
  last_used_at: token.last_used_at?.toISOString() ?? null,
  last_used_ip: token.last_used_ip,
});
