import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { EnrolmentToken } from '@webxterm/contracts/rest';
import type { NewEnrolmentToken } from '../api/machine-calls.ts';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';

const key = ['enrolment-tokens'] as const;
/** How often the number of enrolled machines is read, ms. */
const everyMs = 5000;

export const useEnrolmentTokens = (): UseQueryResult<readonly EnrolmentToken[]> => {
  const server = useServer();
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => server.enrolmentTokens(signal),
    refetchInterval: everyMs,
  });
};

export const useCreateEnrolmentToken = () =>
  useChange(key, (server, token: NewEnrolmentToken) => server.createEnrolmentToken(token));

export const useRevokeEnrolmentToken = () =>
  useChange(key, (server, tokenId: string) => server.revokeEnrolmentToken(tokenId));
