import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { AccessTokenList, NewAccessToken } from '../api/access-token-calls.ts';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';

const key = ['access-tokens'] as const;

/** The user's access tokens, newest first. */
export const useAccessTokens = (): UseQueryResult<AccessTokenList> => {
  const server = useServer();
  return useQuery({ queryKey: key, queryFn: ({ signal }) => server.accessTokens(signal) });
};

export const useCreateAccessToken = () =>
  useChange(key, (server, token: NewAccessToken) => server.createAccessToken(token));

export const useRevokeAccessToken = () => useChange(key, (server, id: string) => server.revokeAccessToken(id));
