import {
  createShare,
  createTicket,
  findShareGrantee,
  type Grantee,
  getSession,
  joinShare,
  listSharedSessions,
  listShares,
  redeemShare,
  revokeShare,
  type SessionShare,
  type SharedSession,
  type TerminalSession,
} from '@webxterm/contracts/rest';
import { ask, send } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';

export type NewShare = z.input<typeof createShare.body>;
export type MadeShare = z.output<typeof createShare.success.schema>;

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const of = (sessionId: string) => ({ id: sessionId });

/** Calls about shared terminals, of their owners and of their guests. */
export const shareCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  findShareGrantee: (sessionId: string, user: string): Promise<Grantee> =>
    signIn.withToken(async (token) => {
      const found = await ask(fetcher, findShareGrantee, {
        params: of(sessionId),
        query: { user },
        headers: bearer(token),
      });
      return found.user;
    }),

  createShare: (sessionId: string, body: NewShare): Promise<MadeShare> =>
    signIn.withToken((token) => ask(fetcher, createShare, { params: of(sessionId), body, headers: bearer(token) })),

  shares: (sessionId: string, signal?: AbortSignal): Promise<readonly SessionShare[]> =>
    signIn.withToken(async (token) => {
      const { shares } = await ask(fetcher, listShares, { params: of(sessionId), headers: bearer(token), signal });
      return shares;
    }),

  revokeShare: (sessionId: string, shareId: string): Promise<void> =>
    signIn.withToken(async (token) => {
      await send(fetcher, revokeShare, { params: { id: sessionId, share_id: shareId }, headers: bearer(token) });
    }),

  sharedWithMe: (signal?: AbortSignal): Promise<readonly SharedSession[]> =>
    signIn.withToken(async (token) => {
      const { shares } = await ask(fetcher, listSharedSessions, { headers: bearer(token), signal });
      return shares;
    }),

  redeemShare: (secret: string): Promise<SharedSession> =>
    signIn.withToken(async (token) => {
      const { share } = await ask(fetcher, redeemShare, { body: { secret }, headers: bearer(token) });
      return share;
    }),

  /** A ticket for the session of another user, by a share. */
  joinShare: (shareId: string) =>
    signIn.withToken(async (token) => {
      const answer = await ask(fetcher, joinShare, { params: { share_id: shareId }, headers: bearer(token) });
      return { ...answer, session_id: answer.share.session_id };
    }),

  /** A session of the user, or of another user on a machine that the user manages. */
  session: (sessionId: string, signal?: AbortSignal): Promise<TerminalSession> =>
    signIn.withToken(async (token) => {
      const { session } = await ask(fetcher, getSession, { params: of(sessionId), headers: bearer(token), signal });
      return session;
    }),

  /** A ticket for the session of another user, by the right to watch. */
  watchTicket: (agentId: string, sessionId: string) =>
    signIn.withToken((token) =>
      ask(fetcher, createTicket, {
        body: { agent_id: agentId, session_id: sessionId, mode: 'view' },
        headers: bearer(token),
      }),
    ),
});
