import {
  explainAccess,
  grantOnTag,
  grantToGroup,
  listTagGrants,
  listTeamGrants,
  revokeFromGroup,
  revokeTagGrant,
} from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { Explain } from './explain.ts';
import type { GroupGrants } from './group-grants.ts';
import type { TagGrants } from './tag-grants.ts';

/** Mounts the API of grants to groups and on tags, and of the explanation of access. */
export const mountTeamGrants = (
  api: Api,
  { groupGrants, tagGrants, explain }: { groupGrants: GroupGrants; tagGrants: TagGrants; explain: Explain },
): void => {
  api.mount(explainAccess, async ({ params, query, caller }) =>
    query.username === undefined
      ? explain.all(caller, params.agent_id)
      : { users: await explain.one(caller, params.agent_id, query.username), more: false },
  );
  api.mount(listTeamGrants, async ({ params, caller }) => {
    const grants = await groupGrants.onMachine(caller, params.agent_id);
    return { grants, total: grants.length };
  });
  api.mount(grantToGroup, async ({ params, body, caller }) => ({
    grant: await groupGrants.grant(caller, params.agent_id, params.group_id, body),
  }));
  api.mount(revokeFromGroup, async ({ params, caller }) => {
    await groupGrants.revoke(caller, params.agent_id, params.group_id);
    return undefined;
  });
  api.mount(listTagGrants, async ({ caller }) => {
    const grants = await tagGrants.list(caller);
    return { grants, total: grants.length };
  });
  api.mount(grantOnTag, ({ body, caller }) => tagGrants.grant(caller, body));
  api.mount(revokeTagGrant, async ({ params, caller }) => {
    await tagGrants.revoke(caller, params.grant_id);
    return undefined;
  });
};
