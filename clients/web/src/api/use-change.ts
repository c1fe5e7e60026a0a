import { type QueryKey, type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import type { Server } from './server.ts';
import { useServer } from './server-context.ts';

/** A call that changes data on the server. Afterwards the queries below `queryKey` are fetched again, also if it failed. */
export const useChange = <Input, Output>(
  queryKey: QueryKey,
  call: (server: Server, input: Input) => Promise<Output>,
): UseMutationResult<Output, Error, Input> => {
  const server = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: Input) => call(server, input),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
};
