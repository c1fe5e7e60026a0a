import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Machine } from '@webxterm/contracts/rest';
import type { Right } from '@webxterm/contracts/rights';
import type { MachineList, MachineQuery } from '../api/server.ts';
import { useServer } from '../api/server-context.ts';
import { useProfile } from '../profile/profile-query.ts';
import { usePollInterval } from './live-machines.ts';
import { machineKeys } from './machine-cache.ts';
import { rightsOn } from './machine-rights.ts';

/** A page of the user's machines. The previous page stays visible while the next one loads. */
export const useMachineList = (query: MachineQuery): UseQueryResult<MachineList> => {
  const server = useServer();
  return useQuery({
    queryKey: machineKeys.list(query),
    queryFn: ({ signal }) => server.machines(query, signal),
    placeholderData: keepPreviousData,
    refetchInterval: usePollInterval(),
  });
};

/** The caller's rights on the machine. */
export const useRights = (machine: Pick<Machine, 'my_rights' | 'my_role'>): readonly Right[] =>
  rightsOn(machine, useProfile().data?.user.role);

/** `enabled`: false for a machine that the user does not see. */
export const useMachine = (agentId: string, enabled = true): UseQueryResult<Machine> => {
  const server = useServer();
  return useQuery({
    enabled,
    queryKey: machineKeys.one(agentId),
    queryFn: ({ signal }) => server.machine(agentId, signal),
    refetchInterval: usePollInterval(),
  });
};

/** How often a machine is read while its installation reports steps, ms. */
const installPollMs = 1000;

/** As `useMachine`, read every second until the machine is online: the event stream does not contain the steps of an installation. */
export const useAwaitedMachine = (agentId: string): UseQueryResult<Machine> => {
  const server = useServer();
  const poll = usePollInterval();
  return useQuery({
    queryKey: machineKeys.one(agentId),
    queryFn: ({ signal }) => server.machine(agentId, signal),
    refetchInterval: ({ state }) => (state.data?.status === 'online' ? poll : installPollMs),
  });
};
