import { type UseMutationResult, type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Rollout, UpdateChannel } from '@webxterm/contracts/rest';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';

const key = ['rollouts'] as const;
const pollEveryMs = 5000;

export const useRollouts = (): UseQueryResult<readonly Rollout[]> => {
  const server = useServer();
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => server.rollouts(signal),
    refetchInterval: pollEveryMs,
  });
};

export const useChangeRollout = (channel: UpdateChannel): UseMutationResult<Rollout, Error, boolean> =>
  useChange(key, (server, paused: boolean) => server.changeRollout(channel, paused));
