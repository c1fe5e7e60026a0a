import {
  addGroupMember,
  createGroup,
  deleteGroup,
  explainAccess,
  type GrantRole,
  grantOnTag,
  grantToGroup,
  listGroupMembers,
  listGroups,
  listTagGrants,
  listTeamGrants,
  removeGroupMember,
  revokeFromGroup,
  revokeTagGrant,
  updateGroup,
} from '@webxterm/contracts/rest';
import { ask, send } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';

export type GroupList = z.output<typeof listGroups.success.schema>;
export type MemberList = z.output<typeof listGroupMembers.success.schema>;
export type TeamGrantList = z.output<typeof listTeamGrants.success.schema>;
export type Explanation = z.output<typeof explainAccess.success.schema>;
export type NewTagGrant = z.input<typeof grantOnTag.body>;

interface Terms {
  readonly role: GrantRole;
  readonly linux_users: string[] | null;
}

/** Calls for groups, grants to groups and on tags, and the explanation of access. */
export const groupCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => {
  const authorized = <T>(call: (headers: Record<string, string>) => Promise<T>): Promise<T> =>
    signIn.withToken((token) => call({ authorization: `Bearer ${token}` }));
  return {
    groups: (signal?: AbortSignal): Promise<GroupList> =>
      authorized((headers) => ask(fetcher, listGroups, { headers, signal })),

    createGroup: (body: { name: string; description: string }) =>
      authorized((headers) => ask(fetcher, createGroup, { body, headers })),

    updateGroup: (group_id: string, body: { name: string; description: string }) =>
      authorized((headers) => ask(fetcher, updateGroup, { params: { group_id }, body, headers })),

    deleteGroup: (group_id: string) =>
      authorized((headers) => send(fetcher, deleteGroup, { params: { group_id }, headers })),

    groupMembers: (group_id: string, signal?: AbortSignal): Promise<MemberList> =>
      authorized((headers) => ask(fetcher, listGroupMembers, { params: { group_id }, headers, signal })),

    addGroupMember: (group_id: string, body: { username: string; user_id: string }) =>
      authorized((headers) => ask(fetcher, addGroupMember, { params: { group_id }, body, headers })),

    removeGroupMember: (group_id: string, user_id: string) =>
      authorized((headers) => send(fetcher, removeGroupMember, { params: { group_id, user_id }, headers })),

    teamGrants: (agent_id: string, signal?: AbortSignal): Promise<TeamGrantList> =>
      authorized((headers) => ask(fetcher, listTeamGrants, { params: { agent_id }, headers, signal })),

    grantToGroup: (agent_id: string, group_id: string, body: Terms) =>
      authorized((headers) => ask(fetcher, grantToGroup, { params: { agent_id, group_id }, body, headers })),

    revokeFromGroup: (agent_id: string, group_id: string) =>
      authorized((headers) => send(fetcher, revokeFromGroup, { params: { agent_id, group_id }, headers })),

    tagGrants: (signal?: AbortSignal): Promise<TeamGrantList> =>
      authorized((headers) => ask(fetcher, listTagGrants, { headers, signal })),

    grantOnTag: (body: NewTagGrant) => authorized((headers) => ask(fetcher, grantOnTag, { body, headers })),

    revokeTagGrant: (grant_id: string) =>
      authorized((headers) => send(fetcher, revokeTagGrant, { params: { grant_id }, headers })),

    explainAccess: (agent_id: string, username: string | undefined, signal?: AbortSignal): Promise<Explanation> =>
      authorized((headers) => {
        const query = username === undefined ? {} : { username };
        return ask(fetcher, explainAccess, { params: { agent_id }, query, headers, signal });
      }),
  };
};
