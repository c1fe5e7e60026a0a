import { login, type Profile, profile, type SignInAnswer, showApiKey, signup } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api, Caller, RequestContext } from '@webxterm/shared/api';
import type { Connection } from 'mongoose';
import type { z } from 'zod';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { readCookie } from '../browser-session/cookie.ts';
import { inTransaction } from '../database/transaction.ts';
import type { CountSignin } from '../measure.ts';
import type { CallerCheck } from '../signins/caller-check.ts';
import type { Accounts } from './accounts.ts';
import type { SignedIn } from './signed-in.ts';
import type { User } from './user.ts';
import type { UserStore } from './user-store.ts';

export interface AccountRoutes {
  readonly connection: Connection;
  readonly callerCheck: CallerCheck;
  readonly accounts: Accounts;
  readonly users: UserStore;
  readonly apiKeys: ApiKeys;
  readonly deviceCookieName: string;
  readonly countSignin: CountSignin;
}

/** Routes of sign-up, sign-in and profile. */
export const mountAccounts = (
  api: Api,
  { connection, accounts, users, apiKeys, callerCheck, deviceCookieName, countSignin }: AccountRoutes,
): void => {
  api.mount(signup, async ({ body, context }) => signInAnswerOf(await accounts.signUp(body, signinOriginOf(context))));

  api.mount(login, async ({ body, context }) => {
    const device = readCookie(context.request.headers.cookie, deviceCookieName);
    const signedIn = await accounts.signIn(body, signinOriginOf(context), device).catch((error: unknown) => {
      countSignin({ error });
      throw error;
    });
    countSignin('ok');
    return signInAnswerOf(signedIn);
  });

  api.mount(profile, async ({ caller }) => {
    const user = await users.byId(caller.userId);
    if (user === null) throw new AppError('unauthenticated');
    return profileOf(user, await shownKey({ apiKeys, callerCheck }, caller, user));
  });

  api.mount(showApiKey, async ({ caller }) => {
    const user = await inTransaction(connection, (session) => callerCheck.requireFresh(caller, session));
    return { api_key: await apiKeys.show(user) };
  });
};

/**
 * The API key for a response that shows the account. Empty for an access token, which must not add machines for good, and for a user whose
 * open browser alone must not reveal it. ADR 35.
 */
export const shownKey = async (
  { apiKeys, callerCheck }: Pick<AccountRoutes, 'apiKeys' | 'callerCheck'>,
  caller: Caller,
  user: User,
): Promise<string> =>
  caller.token === undefined && (await callerCheck.isFresh(caller, user)) ? apiKeys.show(user) : '';

export const signinOriginOf = (context: RequestContext) => ({
  clientIp: context.clientIp,
  userAgent: context.userAgent,
});

export const signInAnswerOf = ({ token, user, apiKey }: SignedIn): z.input<typeof SignInAnswer> => ({
  token,
  user: { id: user._id.toHexString(), username: user.username, email: user.email, api_key: apiKey },
});

export const profileOf = (user: User, apiKey: string): z.input<typeof Profile> => ({
  user: {
    id: user._id.toHexString(),
    username: user.username,
    email: user.email,
    role: user.role,
    api_key: apiKey,
    api_key_created_at: user.api_key.created_at.toISOString(),
    api_key_last_used_at: user.api_key.last_used_at?.toISOString() ?? null,
    api_key_last_used_ip: user.api_key.last_used_ip ?? null,
    avatar_url: user.avatar_url,
    created_at: user.created_at.toISOString(),
  },
});
