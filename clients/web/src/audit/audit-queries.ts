import {
  keepPreviousData,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
} from '@tanstack/react-query';
import type { AuditFilter, AuditFormat, AuditPage } from '../api/audit-calls.ts';
import { useServer } from '../api/server-context.ts';
import { saveFile } from '../layout/save-file.ts';

const pageSize = 50;
/** A row is written shortly after its event. Only the first page gets new rows. */
const refreshMs = 5_000;

/** A page of the audit log, newest rows first. The previous page stays visible while the next one loads. */
export const useAudit = (filter: AuditFilter, cursor: string | undefined): UseQueryResult<AuditPage> => {
  const server = useServer();
  return useQuery({
    queryKey: ['audit', filter, cursor],
    queryFn: ({ signal }) =>
      server.audit({ ...filter, limit: pageSize, ...(cursor !== undefined && { cursor }) }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: cursor === undefined ? refreshMs : false,
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
