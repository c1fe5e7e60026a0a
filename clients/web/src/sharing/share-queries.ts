import { type UseMutationResult, type UseQueryResult, useMutation, useQuery } from '@tanstack/react-query';
import type { Grantee, SessionShare, SharedSession, TerminalSession } from '@webxterm/contracts/rest';
import { useServer } from '../api/server-context.ts';
import type { MadeShare, NewShare } from '../api/share-calls.ts';
import { useChange } from '../api/use-change.ts';

/** Shares end by themselves, and links are used elsewhere. */
const pollMs = 5_000;
const ofSession = (sessionId: string) => ['shares', sessionId] as const;

/** The shares of a session of the user that have not ended. */
export const useShares = (sessionId: string): UseQueryResult<readonly SessionShare[]> => {
  const server = useServer();
  return useQuery({
    queryKey: ofSession(sessionId),
    queryFn: ({ signal }) => server.shares(sessionId, signal),
    refetchInterval: pollMs,
  });
};

/** Looks up a user by username or e-mail address. */
export const useShareGrantee = (sessionId: string): UseMutationResult<Grantee, Error, string> => {
  const server = useServer();
  return useMutation({ mutationFn: (user) => server.findShareGrantee(sessionId, user) });
};

export const useCreateShare = (sessionId: string): UseMutationResult<MadeShare, Error, NewShare> =>
  useChange(ofSession(sessionId), (server, share: NewShare) => server.createShare(sessionId, share));

export const useRevokeShare = (sessionId: string): UseMutationResult<void, Error, string> =>
  useChange(ofSession(sessionId), (server, shareId: string) => server.revokeShare(sessionId, shareId));

/** A session on a machine that the user manages. */
export const useWatchedSession = (sessionId: string): UseQueryResult<TerminalSession> => {
  const server = useServer();
  return useQuery({
    queryKey: ['sessions', 'one', sessionId],
    queryFn: ({ signal }) => server.session(sessionId, signal),
  });
};

/** The sessions that others share with the user. */
export const useSharedWithMe = (): UseQueryResult<readonly SharedSession[]> => {
  const server = useServer();
  return useQuery({
    queryKey: ['shared-with-me'],
    queryFn: ({ signal }) => server.sharedWithMe(signal),
    refetchInterval: pollMs,
  });
};
