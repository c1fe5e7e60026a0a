import { type UseMutationResult, type UseQueryResult, useMutation, useQuery } from '@tanstack/react-query';
import { nameOf } from '@webxterm/contracts/file-paths';
import type { FilePlace } from '../../api/file-calls.ts';
import { useServer } from '../../api/server-context.ts';
import { type Content, contentOf, limitOf } from './content.ts';

export interface OpenedFile {
  readonly content: Content;
  readonly etag: string;
}

/** A file as it was when it was opened. It is loaded again only when the user says so. */
export const useOpenedFile = (place: FilePlace, path: string, enabled: boolean): UseQueryResult<OpenedFile> => {
  const server = useServer();
  return useQuery({
    queryKey: ['file-content', place.agentId, place.user, path],
    queryFn: async ({ signal }) => {
      const { bytes, size, etag } = await server.fileBeginning(place, path, limitOf(path), signal);
      return { content: contentOf(nameOf(path), bytes, size), etag };
    },
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
};

interface Save {
  readonly text: string;
  /** The version that the text is based on. */
  readonly etag: string;
}

/** Saves a text. @returns the new version. Fails with `file_changed` if the file is not the version any more */
export const useSaveFile = (place: FilePlace, path: string): UseMutationResult<string, Error, Save> => {
  const server = useServer();
  return useMutation({ mutationFn: ({ text, etag }) => server.saveText(place, path, text, etag) });
};
