import { useQuery } from '@tanstack/react-query';
import { useServer } from '../api/server-context.ts';

/** Whether this installation accepts sign-ups. True until the server has responded. */
export const useSignupOpen = (): boolean => {
  const server = useServer();
  const known = useQuery({
    queryKey: ['well-known'],
    queryFn: ({ signal }) => server.wellKnown(signal),
    staleTime: 60_000,
  });
  return known.data?.signup !== 'closed';
};
