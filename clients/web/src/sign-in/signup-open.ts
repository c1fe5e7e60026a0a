import { useQuery } from '@tanstack/react-query';
import { useServer } from '../api/server-context.tsx';

/** Whether this installation takes sign-ups; taken as open until it says otherwise. */
export const useSignupOpen = (): boolean => {
  const server = useServer();
  const known = useQuery({
    queryKey: ['well-known'],
    queryFn: ({ signal }) => server.wellKnown(signal),
    staleTime: 60_000,
  });
  return known.data?.signup !== 'closed';
};
