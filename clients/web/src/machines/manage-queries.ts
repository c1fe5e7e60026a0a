import {
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { Grantee, Machine } from '@webxterm/contracts/rest';
import type {
  AddedMachine,
  MachineChange,
  MachineMetrics,
  MachineUsers,
  NewMachine,
  RegistrationToken,
} from '../api/machine-calls.ts';
import type { Server } from '../api/server.ts';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';
import { machineKeys } from './machine-cache.ts';

const usersKey = (agentId: string) => ['machine-users', agentId] as const;
const metricsEveryMs = 60_000;

export const useAddMachine = (): UseMutationResult<AddedMachine, Error, NewMachine> => {
  const server = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (machine) => server.createMachine(machine),
    onSuccess: ({ machine }) => {
      queries.setQueryData(machineKeys.one(machine.agent_id), machine);
      return queries.invalidateQueries({ queryKey: machineKeys.lists });
    },
  });
};

export const useUpdateMachine = (agentId: string): UseMutationResult<Machine, Error, MachineChange> => {
  const server = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change) => server.updateMachine(agentId, change),
    onSuccess: (machine) => {
      queries.setQueryData(machineKeys.one(agentId), machine);
      return queries.invalidateQueries({ queryKey: machineKeys.lists });
    },
  });
};

/** Requests the update of the agent. */
export const useRequestUpdate = (agentId: string): UseMutationResult<Machine, Error, void> =>
  useChange(machineKeys.all, (server) => server.requestUpdate(agentId));

/** Creates a token with which another agent takes over this machine. */
export const useRegistrationToken = (agentId: string): UseMutationResult<RegistrationToken, Error, void> => {
  const server = useServer();
  return useMutation({ mutationFn: () => server.createRegistrationToken(agentId) });
};

export const useDeleteMachine = (agentId: string): UseMutationResult<void, Error, void> =>
  useChange(machineKeys.lists, (server) => server.deleteMachine(agentId));

export const useMachineUsers = (agentId: string): UseQueryResult<MachineUsers> => {
  const server = useServer();
  return useQuery({ queryKey: usersKey(agentId), queryFn: ({ signal }) => server.machineUsers(agentId, signal) });
};

/** Looks up a user by username. */
export const useGrantee = (agentId: string): UseMutationResult<Grantee, Error, string> => {
  const server = useServer();
  return useMutation({ mutationFn: (username) => server.findGrantee(agentId, username) });
};

export const useGrant = (agentId: string) =>
  useChange(usersKey(agentId), (server, grant: Parameters<Server['grantAccess']>[1]) =>
    server.grantAccess(agentId, grant),
  );

export const useRevoke = (agentId: string) =>
  useChange(usersKey(agentId), (server, username: string) => server.revokeAccess(agentId, username));

export const useLeaveMachine = (agentId: string) =>
  useChange(machineKeys.lists, (server, blockGiver: boolean) => server.leaveMachine(agentId, blockGiver));

/** Load of the machine in the last hours. */
export const useMetrics = (agentId: string, hours: number): UseQueryResult<MachineMetrics> => {
  const server = useServer();
  return useQuery({
    queryKey: ['machine-metrics', agentId, hours],
    queryFn: ({ signal }) => server.machineMetrics(agentId, new Date(Date.now() - hours * 3_600_000), signal),
    refetchInterval: metricsEveryMs,
  });
};
