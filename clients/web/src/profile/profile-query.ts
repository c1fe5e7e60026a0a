import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Server } from '../api/server.ts';
import { useServer } from '../api/server-context.ts';

type Profile = Awaited<ReturnType<Server['profile']>>;

/** The user's account, including the API key. */
export const useProfile = (): UseQueryResult<Profile> => {
  const server = useServer();
  return useQuery({ queryKey: ['profile'], queryFn: ({ signal }) => server.profile(signal), staleTime: 30_000 });
};
