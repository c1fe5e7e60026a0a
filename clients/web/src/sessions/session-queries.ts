import {
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { TerminalSession } from '@webxterm/contracts/rest';
import { useServer } from '../api/server-context.tsx';

/** Sessions start and end in other tabs and on machines. There is no event for that yet, so the page polls. */
const pollMs = 5_000;
const keys = {
  all: ['sessions'] as const,
  of: (agentId: string | undefined) => ['sessions', agentId ?? 'all'] as const,
};

/** The user's live sessions. On one machine, all sessions for users with the right `manage`. Newest first. */
export const useSessions = (agentId: string | undefined): UseQueryResult<readonly TerminalSession[]> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.of(agentId),
    queryFn: ({ signal }): Promise<{ sessions: TerminalSession[] }> =>
      agentId === undefined ? server.sessions(signal) : server.machineSessions(agentId, signal),
    select: ({ sessions }) =>
      sessions
        .filter((session) => session.status === 'active')
        .sort((one, other) => other.created_at.localeCompare(one.created_at)),
    refetchInterval: pollMs,
  });
};

/** Ends a session. Its shell gets SIGHUP. */
export const useEndSession = (): UseMutationResult<void, Error, string> => {
  const server = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (sessionId: string) => server.endSession(sessionId),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.all }),
  });
};
