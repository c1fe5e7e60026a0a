import {
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
} from '@tanstack/react-query';
import type { RecordedCommand, Recording, RecordingHit, RecordingPolicy } from '@webxterm/contracts/rest';
import type { RecordingPolicyChange, RecordingSearchQuery } from '../api/recording-calls.ts';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';
import { saveFile } from '../layout/save-file.ts';

const keys = {
  all: ['recordings'] as const,
  list: (machine: string | undefined) => ['recordings', 'list', machine] as const,
  one: (id: string) => ['recordings', 'one', id] as const,
  hits: (query: RecordingSearchQuery) => ['recording-hits', query] as const,
  commands: (id: string) => ['recording-commands', id] as const,
  policy: ['recording-policy'] as const,
};
/** Recordings begin and end with terminals. There is no event for it. */
const pollMs = 15_000;

/** The recordings that the user may play, newest first, page by page. */
export const useRecordings = (machine: string | undefined): UseInfiniteQueryResult<readonly Recording[]> => {
  const server = useServer();
  return useInfiniteQuery({
    queryKey: keys.list(machine),
    queryFn: ({ pageParam, signal }) =>
      server.recordings(
        { ...(machine !== undefined && { machine }), ...(pageParam !== '' && { cursor: pageParam }) },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    select: ({ pages }) => pages.flatMap(({ recordings }) => recordings),
    refetchInterval: pollMs,
  });
};

/** Lines of recordings that the user may play, page by page. Undefined: nothing is searched. */
export const useRecordingHits = (
  query: RecordingSearchQuery | undefined,
): UseInfiniteQueryResult<readonly RecordingHit[]> => {
  const server = useServer();
  return useInfiniteQuery({
    queryKey: keys.hits(query ?? { q: '' }),
    queryFn: ({ pageParam, signal }) =>
      server.searchRecordings({ q: '', ...query, ...(pageParam !== '' && { cursor: pageParam }) }, signal),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    select: ({ pages }) => pages.flatMap(({ hits }) => hits),
    enabled: query !== undefined,
    retry: false,
  });
};

export const useRecording = (id: string): UseQueryResult<Recording> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.one(id),
    queryFn: ({ signal }) => server.recording(id, signal),
    refetchInterval: ({ state }) => (state.data?.status === 'recording' ? pollMs : false),
  });
};

/** The commands that the shell has marked. `enabled`: the index is made. */
export const useRecordedCommands = (
  id: string,
  enabled: boolean,
): UseQueryResult<{ commands: readonly RecordedCommand[]; cut: boolean }> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.commands(id),
    queryFn: ({ signal }) => server.recordingCommands(id, signal),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  });
};

export const useDeleteRecording = (): UseMutationResult<void, Error, string> =>
  useChange(keys.all, (server, id: string) => server.deleteRecording(id));

const extensions = { cast: 'cast', text: 'txt' } as const;
export type RecordingFormat = keyof typeof extensions;

/** Downloads a recording as a file. */
export const useSaveRecording = (): UseMutationResult<
  void,
  Error,
  { recording: Recording; format: RecordingFormat }
> => {
  const server = useServer();
  return useMutation({
    mutationFn: async ({ recording, format }) =>
      saveFile(
        await server.recordingFile(recording.recording_id, format),
        `${recording.began_at.slice(0, 16).replace(':', '.')} ${recording.recording_id}.${extensions[format]}`,
      ),
  });
};

/** For administrators. */
export const useRecordingPolicy = (enabled: boolean): UseQueryResult<RecordingPolicy> => {
  const server = useServer();
  return useQuery({ queryKey: keys.policy, queryFn: ({ signal }) => server.recordingPolicy(signal), enabled });
};

export const useChangeRecordingPolicy = (): UseMutationResult<RecordingPolicy, Error, RecordingPolicyChange> =>
  useChange(keys.policy, (server, change: RecordingPolicyChange) => server.changeRecordingPolicy(change));
