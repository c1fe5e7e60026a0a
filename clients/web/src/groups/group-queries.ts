import { type UseMutationResult, type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Explanation, GroupList, MemberList, NewTagGrant, TeamGrantList } from '../api/group-calls.ts';
import type { Server } from '../api/server.ts';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';

const keys = {
  groups: ['groups'] as const,
  members: (id: string) => ['groups', 'members', id] as const,
  tagGrants: ['tag-grants'] as const,
  onMachine: (agentId: string) => ['machine-groups', agentId] as const,
  explanation: (agentId: string, username: string | undefined) =>
    ['machine-groups', agentId, 'explanation', username ?? ''] as const,
};

/** All groups for an administrator. For others those that they are in. */
export const useGroups = (): UseQueryResult<GroupList> => {
  const server = useServer();
  return useQuery({ queryKey: keys.groups, queryFn: ({ signal }) => server.groups(signal) });
};

export const useCreateGroup = () =>
  useChange(keys.groups, (server, group: { name: string; description: string }) => server.createGroup(group));

export const useUpdateGroup = (id: string) =>
  useChange(keys.groups, (server, change: { name: string; description: string }) => server.updateGroup(id, change));

export const useDeleteGroup = (id: string): UseMutationResult<unknown, Error, void> =>
  useChange(keys.groups, (server) => server.deleteGroup(id));

export const useGroupMembers = (id: string): UseQueryResult<MemberList> => {
  const server = useServer();
  return useQuery({ queryKey: keys.members(id), queryFn: ({ signal }) => server.groupMembers(id, signal) });
};

export const useAddToGroup = (id: string) =>
  useChange(keys.groups, (server, user: { username: string; user_id: string }) => server.addGroupMember(id, user));

export const useRemoveFromGroup = (id: string) =>
  useChange(keys.groups, (server, userId: string) => server.removeGroupMember(id, userId));

export const useTagGrants = (): UseQueryResult<TeamGrantList> => {
  const server = useServer();
  return useQuery({ queryKey: keys.tagGrants, queryFn: ({ signal }) => server.tagGrants(signal) });
};

export const useGrantOnTag = () => useChange(keys.tagGrants, (server, grant: NewTagGrant) => server.grantOnTag(grant));

export const useRevokeTagGrant = () =>
  useChange(keys.tagGrants, (server, grantId: string) => server.revokeTagGrant(grantId));

/** Ends the access by a tag, on all machines that have it. */
export const useEndTagAccess = (agentId: string) =>
  useChange(keys.onMachine(agentId), (server, grantId: string) => server.revokeTagGrant(grantId));

/** The grants to groups on a machine, and those on its tags. */
export const useTeamGrants = (agentId: string): UseQueryResult<TeamGrantList> => {
  const server = useServer();
  return useQuery({ queryKey: keys.onMachine(agentId), queryFn: ({ signal }) => server.teamGrants(agentId, signal) });
};

export const useGrantToGroup = (agentId: string) =>
  useChange(
    keys.onMachine(agentId),
    (server, grant: { groupId: string; terms: Parameters<Server['grantToGroup']>[2] }) =>
      server.grantToGroup(agentId, grant.groupId, grant.terms),
  );

export const useRevokeFromGroup = (agentId: string) =>
  useChange(keys.onMachine(agentId), (server, groupId: string) => server.revokeFromGroup(agentId, groupId));

/** The users with access to a machine, and the reasons. `username`: only this user, also without access. */
export const useExplanation = (agentId: string, username: string | undefined): UseQueryResult<Explanation> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.explanation(agentId, username),
    queryFn: ({ signal }) => server.explainAccess(agentId, username, signal),
    staleTime: 0,
    retry: false,
  });
};
