import {
  answerProgramLogin,
  createAccessToken,
  getProgramLogin,
  listAccessTokens,
  listUserTokens,
  type ProgramLogin,
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

  /** The request of a program. `id`: of the request, or the code that the user typed. */
  programLogin: (id: string, signal?: AbortSignal): Promise<ProgramLogin> =>
    signIn.withToken((token) => ask(fetcher, getProgramLogin, { params: { id }, headers: bearer(token), signal })),

  /** `days`: how long the token is valid. Undefined: the user refuses. */
  answerProgramLogin: (id: string, days: number | undefined) =>
    signIn.withToken((token) =>
      ask(fetcher, answerProgramLogin, {
        params: { id },
        body: days === undefined ? { agree: false } : { agree: true, expires_in_days: days },
        headers: bearer(token),
      }),
    ),

  userTokens: (id: string, signal?: AbortSignal): Promise<AccessTokenList> =>
    signIn.withToken((token) => ask(fetcher, listUserTokens, { params: { id }, headers: bearer(token), signal })),

  revokeUserTokens: (id: string) =>
    signIn.withToken((token) => ask(fetcher, revokeUserTokens, { params: { id }, query: {}, headers: bearer(token) })),
});
