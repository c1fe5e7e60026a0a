import {
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQueries,
  useQuery,
} from '@tanstack/react-query';
import type { SessionLimits, TerminalSession } from '@webxterm/contracts/rest';
import { ApiError } from '@webxterm/rest-client';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';
import { machineKeys } from '../machines/machine-cache.ts';

/** Sessions start and end in other tabs and on machines. There is no event for that yet, so the page polls. */
const pollMs = 5_000;
/** More live sessions of one user are not listed. */
const maxShown = 5000;
/** Names of machines rarely change, and the event stream reports it. */
const namesStaleMs = 60_000;
const keys = {
  all: ['sessions'] as const,
  mine: ['sessions', 'mine'] as const,
  limits: ['session-limits'] as const,
  on: (agentId: string) => ['sessions', 'on', agentId] as const,
};

/** The user's live sessions on all machines, newest first. */
export const useMySessions = (): UseQueryResult<readonly TerminalSession[]> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.mine,
    queryFn: async ({ signal }) => {
      const all: TerminalSession[] = [];
      for (let cursor: string | null = ''; cursor !== null && all.length < maxShown; ) {
        const page = await server.sessions(cursor, signal);
        all.push(...page.sessions);
        cursor = page.next_cursor;
      }
      return all;
    },
    select: (sessions) =>
      sessions
        .filter((session) => session.status === 'active')
        .sort((one, other) => other.created_at.localeCompare(one.created_at)),
    refetchInterval: pollMs,
  });
};

/** How long terminals may be unused. */
export const useSessionLimits = (): UseQueryResult<SessionLimits> => {
  const server = useServer();
  return useQuery({ queryKey: keys.limits, queryFn: ({ signal }) => server.sessionLimits(signal) });
};

export const useChangeSessionLimits = (): UseMutationResult<SessionLimits, Error, SessionLimits> =>
  useChange(keys.limits, (server, limits: SessionLimits) => server.changeSessionLimits(limits));

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

/** The names of machines, to show, and the Linux users of the caller there. Each is fetched once, and shared with the machine's page. */
export const useNamedMachines = (
  agentIds: readonly string[],
): { nameOf: (agentId: string) => string; usersOf: (agentId: string) => readonly string[] } => {
  const server = useServer();
  const ids = [...new Set(agentIds)];
  const found = useQueries({
    queries: ids.map((id) => ({
      queryKey: machineKeys.one(id),
      queryFn: ({ signal }: { signal: AbortSignal }) => server.machine(id, signal),
      staleTime: namesStaleMs,
    })),
  });
  const names = new Map(
    found.map(({ data, isError }, at) => [ids[at], data?.name ?? (isError ? 'Unknown machine' : undefined)]),
  );
  const users = new Map(found.map(({ data }, at) => [ids[at], data?.my_linux_users]));
  return { nameOf: (agentId) => names.get(agentId) ?? '…', usersOf: (agentId) => users.get(agentId) ?? [] };
};

export const useMachineNames = (agentIds: readonly string[]): ((agentId: string) => string) =>
  useNamedMachines(agentIds).nameOf;

/** Names a session, or removes its name. */
export const useRenameSession = (): UseMutationResult<
  { session: TerminalSession },
  Error,
  { sessionId: string; name: string | null }
> => useChange(keys.all, (server, { sessionId, name }) => server.renameSession(sessionId, name));

/** Ends a session. Its shell gets SIGHUP. */
export const useEndSession = (): UseMutationResult<void, Error, string> =>
  useChange(keys.all, (server, sessionId: string) => server.endSession(sessionId));

/** Ends several sessions. Fails if one could not be ended; one that has ended meanwhile counts as ended. */
export const useEndSessions = (): UseMutationResult<void, Error, readonly string[]> =>
  useChange(keys.all, async (server, sessionIds: readonly string[]) => {
    const ends = await Promise.allSettled(sessionIds.map((id) => server.endSession(id)));
    const failed = ends.find(
      (end): end is PromiseRejectedResult =>
        end.status === 'rejected' && !(end.reason instanceof ApiError && end.reason.code === 'session_not_found'),
    );
    if (failed !== undefined) throw failed.reason;
  });
