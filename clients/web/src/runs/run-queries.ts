import {
  type InfiniteData,
  type QueryClient,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { parseJson } from '@webxterm/contracts/json';
import { type NewRun, Run, type RunGroup, type RunOutput, RunTarget } from '@webxterm/contracts/rest';
import { useEffect } from 'react';
import { z } from 'zod';
import { followEvents } from '../api/follow-events.ts';
import { patchQueries } from '../api/patch-queries.ts';
import type { RunTargetList } from '../api/run-calls.ts';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';
import { saveFile } from '../layout/save-file.ts';

/** The machines of a run that are shown. */
export type TargetFilter = 'all' | 'failed' | 'succeeded' | 'cancelled' | { readonly output: string };

const keys = {
  all: ['runs'] as const,
  lists: ['runs', 'list'] as const,
  one: (id: string) => ['runs', 'one', id] as const,
  targets: (id: string) => ['runs', 'targets', id] as const,
  allTargets: (id: string) => ['runs', 'targets', id, 'all'] as const,
  groups: (id: string) => ['runs', 'groups', id] as const,
  output: (id: string, agentId: string) => ['runs', 'output', id, agentId] as const,
};
/** There are no events for the list. */
const pollMs = 5_000;
/** Lists that depend on how commands ended are read again at most this often. */
const refreshMs = 1_000;
const pageSize = 200;

export const isOver = (run: Run | undefined): boolean => run?.state === 'ended';

/** The runs of the user, newest first, page by page. */
export const useRuns = (): UseInfiniteQueryResult<readonly Run[]> => {
  const server = useServer();
  return useInfiniteQuery({
    queryKey: keys.lists,
    queryFn: ({ pageParam, signal }) => server.runs(pageParam, signal),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    select: ({ pages }) => pages.flatMap(({ runs }) => runs),
    refetchInterval: pollMs,
  });
};

export const useRun = (id: string): UseQueryResult<Run> => {
  const server = useServer();
  return useQuery({ queryKey: keys.one(id), queryFn: ({ signal }) => server.run(id, signal) });
};

const queryOf = (filter: TargetFilter) =>
  filter === 'all' ? {} : typeof filter === 'string' ? { outcome: filter } : { output_hash: filter.output };

/** The machines of a run, page by page. */
export const useRunTargets = (id: string, filter: TargetFilter): UseInfiniteQueryResult<RunTargetList> => {
  const server = useServer();
  return useInfiniteQuery({
    queryKey: [...keys.targets(id), filter],
    queryFn: ({ pageParam, signal }) =>
      server.runTargets(
        id,
        { limit: pageSize, ...queryOf(filter), ...(pageParam !== '' && { cursor: pageParam }) },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    select: ({ pages }) => ({
      targets: pages.flatMap(({ targets }) => targets),
      total: pages[0]?.total ?? 0,
      next_cursor: null,
    }),
  });
};

export const useRunGroups = (id: string): UseQueryResult<{ groups: readonly RunGroup[]; more: boolean }> => {
  const server = useServer();
  return useQuery({ queryKey: keys.groups(id), queryFn: ({ signal }) => server.runGroups(id, signal) });
};

export const useRunOutput = (id: string, agentId: string): UseQueryResult<RunOutput> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.output(id, agentId),
    queryFn: ({ signal }) => server.runOutput(id, agentId, signal),
  });
};

export const useStartRun = (): UseMutationResult<Run, Error, NewRun> =>
  useChange(keys.lists, (server, wanted: NewRun) => server.startRun(wanted));

export const useCancelRun = (id: string): UseMutationResult<Run, Error, void> =>
  useChange(keys.one(id), (server) => server.cancelRun(id));

/** Downloads all machines of a run with their outputs. */
export const useSaveRun = (): UseMutationResult<void, Error, Run> => {
  const server = useServer();
  return useMutation({
    mutationFn: async ({ run_id }) => saveFile(await server.runExport(run_id), `run-${run_id}.ndjson`),
  });
};

const TargetsEvent = z.object({ targets: z.array(RunTarget) });

/** Writes the events of a run into the query cache until it has ended. */
export const useLiveRun = (run: Run): void => {
  const server = useServer();
  const queries = useQueryClient();
  const { run_id } = run;
  const over = isOver(run);
  useEffect(() => {
    if (over) return;
    const stop = new AbortController();
    let refresh: ReturnType<typeof setTimeout> | undefined;
    /** The queries that events change. An answer that was on its way when an event came may be older, and then hides it: it is read again. */
    const patched = [keys.one(run_id), keys.allTargets(run_id)];
    let hidden = false;
    const isRead = (): boolean => patched.some((queryKey) => queries.isFetching({ queryKey }) > 0);
    const refreshSoon = (): void => {
      refresh ??= setTimeout(() => {
        refresh = undefined;
        void refreshLists(queries, run_id);
        if (!hidden) return;
        if (isRead()) return refreshSoon();
        hidden = false;
        for (const queryKey of patched) void queries.invalidateQueries({ queryKey });
      }, refreshMs);
    };
    void followEvents(stop.signal, {
      open: (signal) => server.runEvents(run_id, signal),
      // Reads the changes that came while there was no stream.
      onOpened: () => void queries.invalidateQueries({ queryKey: keys.targets(run_id) }),
      onLost: () => undefined,
      onEvent: ({ event, data }) => {
        const now = event === 'run' ? Run.safeParse(parseJson(data)).data : undefined;
        if (now !== undefined) queries.setQueryData(keys.one(run_id), now);
        const changed = event === 'targets' ? TargetsEvent.safeParse(parseJson(data)).data : undefined;
        if (changed !== undefined) patchTargets(queries, run_id, changed.targets);
        hidden ||= isRead();
        refreshSoon();
      },
    });
    return () => {
      stop.abort();
      clearTimeout(refresh);
      void queries.invalidateQueries({ queryKey: keys.groups(run_id) });
      void queries.invalidateQueries({ queryKey: keys.targets(run_id) });
    };
  }, [server, queries, run_id, over]);
};

const refreshLists = async (queries: QueryClient, runId: string): Promise<void> => {
  await queries.invalidateQueries({ queryKey: keys.groups(runId) });
  // The list of all machines is patched by the events.
  await queries.invalidateQueries({
    queryKey: keys.targets(runId),
    predicate: ({ queryKey }) => queryKey.at(-1) !== 'all',
  });
};

const patchTargets = (queries: QueryClient, runId: string, changed: readonly RunTarget[]): void => {
  const byId = new Map(changed.map((target) => [target.agent_id, target]));
  patchQueries(queries, keys.allTargets(runId), (list: InfiniteData<RunTargetList>) => ({
    ...list,
    pages: list.pages.map((page) => ({
      ...page,
      targets: page.targets.map((target) => byId.get(target.agent_id) ?? target),
    })),
  }));
};
