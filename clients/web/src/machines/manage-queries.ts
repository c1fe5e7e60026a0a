import {
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { Grantee, GrantRole, Machine } from '@webxterm/contracts/rest';
import type {
  AddedMachine,
  MachineChange,
  MachineMetrics,
  MachineUsers,
  NewMachine,
  RegistrationToken,
} from '../api/machine-calls.ts';
import { useServer } from '../api/server-context.tsx';
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

/** Creates a token with which another agent takes over this machine. */
export const useRegistrationToken = (agentId: string): UseMutationResult<RegistrationToken, Error, void> => {
  const server = useServer();
  return useMutation({ mutationFn: () => server.createRegistrationToken(agentId) });
};

export const useDeleteMachine = (agentId: string): UseMutationResult<void, Error, void> => {
  const server = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => server.deleteMachine(agentId),
    onSuccess: () => queries.invalidateQueries({ queryKey: machineKeys.lists }),
  });
};

export const useMachineUsers = (agentId: string): UseQueryResult<MachineUsers> => {
  const server = useServer();
  return useQuery({ queryKey: usersKey(agentId), queryFn: ({ signal }) => server.machineUsers(agentId, signal) });
};

/** Looks up a user by username. */
export const useGrantee = (agentId: string): UseMutationResult<Grantee, Error, string> => {
  const server = useServer();
  return useMutation({ mutationFn: (username) => server.findGrantee(agentId, username) });
};

export const useGrant = (
  agentId: string,
): UseMutationResult<unknown, Error, { username: string; role: GrantRole; user_id: string }> => {
  const server = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (grant) => server.grantAccess(agentId, grant),
    onSuccess: () => queries.invalidateQueries({ queryKey: usersKey(agentId) }),
  });
};

export const useRevoke = (agentId: string): UseMutationResult<unknown, Error, string> => {
  const server = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (username) => server.revokeAccess(agentId, username),
    onSuccess: () => queries.invalidateQueries({ queryKey: usersKey(agentId) }),
  });
};

export const useLeaveMachine = (agentId: string): UseMutationResult<unknown, Error, boolean> => {
  const server = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (blockGiver) => server.leaveMachine(agentId, blockGiver),
    onSuccess: () => queries.invalidateQueries({ queryKey: machineKeys.lists }),
  });
};

/** Load of the machine in the last hours. */
export const useMetrics = (agentId: string, hours: number): UseQueryResult<MachineMetrics> => {
  const server = useServer();
  return useQuery({
    queryKey: ['machine-metrics', agentId, hours],
    queryFn: ({ signal }) => server.machineMetrics(agentId, new Date(Date.now() - hours * 3_600_000), signal),
    refetchInterval: metricsEveryMs,
  });
};
