import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  useInfiniteQuery,
  useMutation,
} from '@tanstack/react-query';
import { nameOf } from '@webxterm/contracts/file-paths';
import type { FileList } from '@webxterm/contracts/rest';
import type { CopiedFile, FilePlace } from '../api/file-calls.ts';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';
import { saveFile } from '../layout/save-file.ts';
import { shownName } from './file-names.ts';

export const fileKeys = {
  machine: (agentId: string) => ['files', agentId] as const,
  folder: ({ agentId, user }: FilePlace, path: string | undefined) => ['files', agentId, user, path] as const,
};

/** A folder, page by page. `path`: undefined for the home folder. */
export const useFolder = (
  place: FilePlace,
  path: string | undefined,
  enabled: boolean,
): UseInfiniteQueryResult<FileList> => {
  const server = useServer();
  return useInfiniteQuery({
    queryKey: fileKeys.folder(place, path),
    queryFn: ({ pageParam, signal }) => server.files(place, path, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    select: joined,
    enabled,
    // Each page starts a process on the machine.
    refetchOnWindowFocus: false,
  });
};

/** The pages as one list. */
const joined = ({ pages }: InfiniteData<FileList>): FileList => {
  const [first] = pages;
  if (first === undefined) throw new Error('a list without a page');
  return { ...first, entries: pages.flatMap(({ entries }) => entries) };
};

export const useMakeFolder = (place: FilePlace): UseMutationResult<void, Error, string> =>
  useChange(fileKeys.machine(place.agentId), (server, path: string) => server.makeFolder(place, path));

export const useRenameFile = (place: FilePlace): UseMutationResult<void, Error, { path: string; to: string }> =>
  useChange(fileKeys.machine(place.agentId), (server, { path, to }) => server.renameFile(place, path, to));

export const useRemoveFile = (place: FilePlace): UseMutationResult<void, Error, { path: string; recursive: boolean }> =>
  useChange(fileKeys.machine(place.agentId), (server, { path, recursive }) =>
    server.removeFile(place, path, recursive),
  );

interface Copy {
  readonly path: string;
  readonly to: string;
  readonly signal: AbortSignal;
}

export const useCopyFile = (place: FilePlace): UseMutationResult<CopiedFile, Error, Copy> =>
  useChange(fileKeys.machine(place.agentId), (server, { path, to, signal }) =>
    server.copyFile(place, path, to, signal),
  );

export const useChangeMode = (place: FilePlace): UseMutationResult<void, Error, { path: string; mode: string }> =>
  useChange(fileKeys.machine(place.agentId), (server, { path, mode }) => server.changeFileMode(place, path, mode));

export interface Download {
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly cancel: AbortController;
}

/** Downloads a file. Cancelling is no failure. */
export const useDownload = (place: FilePlace): UseMutationResult<void, Error, Download> => {
  const server = useServer();
  return useMutation({
    mutationFn: async ({ path, kind, cancel }) => {
      try {
        const name = kind === 'file' ? nameOf(path) : `${nameOf(path)}.tar`;
        saveFile(await server.fileContent(place, path, kind, cancel.signal), shownName(name));
      } catch (error) {
        if (!cancel.signal.aborted) throw error;
      }
    },
  });
};
