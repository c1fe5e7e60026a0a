import {
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQueries,
  useQuery,
} from '@tanstack/react-query';
import type { TerminalSession } from '@webxterm/contracts/rest';
import { useServer } from '../api/server-context.tsx';
import { useChange } from '../api/use-change.ts';
import { machineKeys } from '../machines/machine-cache.ts';
import { useMachineList } from '../machines/machine-queries.ts';

/** Sessions start and end in other tabs and on machines. There is no event for that yet, so the page polls. */
const pollMs = 5_000;
const keys = {
  all: ['sessions'] as const,
  mine: ['sessions', 'mine'] as const,
  on: (agentId: string) => ['sessions', 'on', agentId] as const,
};

/** The user's live sessions on all machines, newest first. */
export const useMySessions = (): UseQueryResult<readonly TerminalSession[]> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.mine,
    queryFn: ({ signal }) => server.sessions(signal),
    select: ({ sessions }) =>
      sessions
        .filter((session) => session.status === 'active')
        .sort((one, other) => other.created_at.localeCompare(one.created_at)),
    refetchInterval: pollMs,
  });
};

/** Live sessions on a machine, newest first, page by page: all of them with the right `manage`, otherwise the caller's own. */
export const useMachineSessions = (agentId: string): UseInfiniteQueryResult<readonly TerminalSession[]> => {
  const server = useServer();
  return useInfiniteQuery({
    queryKey: keys.on(agentId),
    queryFn: ({ pageParam, signal }) => server.machineSessions(agentId, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    select: ({ pages }) => pages.flatMap(({ sessions }) => sessions),
    refetchInterval: pollMs,
  });
};

/** The names of machines, to show. A machine beyond the first 500 is asked for by itself. */
export const useMachineNames = (agentIds: readonly string[]): ((agentId: string) => string) => {
  const server = useServer();
  const { data: list } = useMachineList({ limit: 500 });
  const names = new Map(list?.machines.map(({ agent_id, name }) => [agent_id, name]));
  const others = list === undefined ? [] : [...new Set(agentIds)].filter((id) => !names.has(id));
  const found = useQueries({
    queries: others.map((id) => ({
      queryKey: machineKeys.one(id),
      queryFn: ({ signal }: { signal: AbortSignal }) => server.machine(id, signal),
    })),
  });
  for (const [at, { data: machine, isError }] of found.entries())
    if (machine !== undefined || isError) names.set(others[at] ?? '', machine?.name ?? 'Unknown machine');
  return (agentId) => names.get(agentId) ?? '…';
};

/** Ends a session. Its shell gets SIGHUP. */
export const useEndSession = (): UseMutationResult<void, Error, string> =>
  useChange(keys.all, (server, sessionId: string) => server.endSession(sessionId));
