import { useQuery } from '@tanstack/react-query';
import type { ProgramLogin } from '@webxterm/contracts/rest';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';

/** The request of a program. `id`: of the request, or the code that the user typed. Undefined: none yet. */
export const useProgramLogin = (id: string | undefined) => {
  const server = useServer();
  return useQuery<ProgramLogin>({
    queryKey: ['program-login', id],
    queryFn: ({ signal }) => server.programLogin(id ?? '', signal),
    enabled: id !== undefined,
    // A look at an unknown code counts as a guess, and an answered request is unknown.
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
};

/** Agrees for some days, or refuses (undefined). */
export const useAnswer = (id: string) =>
  useChange(['access-tokens'], (server, days: number | undefined) => server.answerProgramLogin(id, days));
