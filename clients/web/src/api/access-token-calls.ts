import {
  createAccessToken,
  listAccessTokens,
  listUserTokens,
  revokeAccessToken,
  revokeUserTokens,
} from '@webxterm/contracts/rest';
import { ask, send } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';

export type AccessTokenList = z.output<typeof listAccessTokens.success.schema>;
export type NewAccessToken = z.input<typeof createAccessToken.body>;

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Calls about access tokens: the user's own, and for administrators those of others. */
export const accessTokenCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  accessTokens: (signal?: AbortSignal): Promise<AccessTokenList> =>
    signIn.withToken((token) => ask(fetcher, listAccessTokens, { headers: bearer(token), signal })),

  createAccessToken: (body: NewAccessToken) =>
    signIn.withToken((token) => ask(fetcher, createAccessToken, { body, headers: bearer(token) })),

  async revokeAccessToken(id: string): Promise<void> {
    await signIn.withToken((token) => send(fetcher, revokeAccessToken, { params: { id }, headers: bearer(token) }));
  },

  userTokens: (id: string, signal?: AbortSignal): Promise<AccessTokenList> =>
    signIn.withToken((token) => ask(fetcher, listUserTokens, { params: { id }, headers: bearer(token), signal })),

  revokeUserTokens: (id: string) =>
    signIn.withToken((token) => ask(fetcher, revokeUserTokens, { params: { id }, query: {}, headers: bearer(token) })),
});
