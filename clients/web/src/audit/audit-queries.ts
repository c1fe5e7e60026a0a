import {
  type InfiniteData,
  keepPreviousData,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  useInfiniteQuery,
  useMutation,
} from '@tanstack/react-query';
import type { AuditFilter, AuditFormat, AuditPage } from '../api/audit-calls.ts';
import { useServer } from '../api/server-context.tsx';
import { saveFile } from './save-file.ts';

const pageSize = 50;
/** A row is written shortly after its event. The list is not refreshed once the user has loaded older rows. */
const refreshMs = 5_000;

/** The audit log, newest rows first, page by page. */
export const useAudit = (filter: AuditFilter): UseInfiniteQueryResult<InfiniteData<AuditPage>> => {
  const server = useServer();
  return useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) =>
      server.audit({ ...filter, limit: pageSize, ...(pageParam !== '' && { cursor: pageParam }) }, signal),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : refreshMs),
  });
};

export const useAuditDownload = (filter: AuditFilter): UseMutationResult<void, Error, AuditFormat> => {
  const server = useServer();
  return useMutation({
    mutationFn: async (format: AuditFormat) => {
      const day = new Date().toISOString().slice(0, 10);
      saveFile(await server.auditFile(format, filter), `audit-${day}.${format}`);
    },
  });
};
