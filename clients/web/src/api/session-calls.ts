import { changeSessionLimits, getSessionLimits, type SessionLimits } from '@webxterm/contracts/rest';
import { ask } from '@webxterm/rest-client';
import type { SignIn } from '../sign-in/sign-in.ts';

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Calls about the limits of terminals. */
export const sessionCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  sessionLimits: (signal?: AbortSignal): Promise<SessionLimits> =>
    signIn.withToken((token) => ask(fetcher, getSessionLimits, { headers: bearer(token), signal })),

  changeSessionLimits: (body: SessionLimits): Promise<SessionLimits> =>
    signIn.withToken((token) => ask(fetcher, changeSessionLimits, { body, headers: bearer(token) })),
});
