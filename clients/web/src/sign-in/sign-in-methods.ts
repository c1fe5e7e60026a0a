import { useQuery } from '@tanstack/react-query';
import type { signInMethods } from '@webxterm/contracts/rest';
import type { z } from 'zod';
import { useServer } from '../api/server-context.ts';

type SignInMethods = z.output<typeof signInMethods.success.schema>;

/** The ways to sign in beside e-mail and password. Undefined until the server has responded. */
export const useSignInMethods = (): SignInMethods | undefined => {
  const server = useServer();
  return useQuery({
    queryKey: ['well-known', 'sign-in-methods'],
    queryFn: ({ signal }) => server.signInMethods(signal),
    staleTime: 60_000,
  }).data;
};
