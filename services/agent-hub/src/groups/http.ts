import {
  addGroupMember,
  createGroup,
  deleteGroup,
  listGroupMembers,
  listGroups,
  removeGroupMember,
  updateGroup,
} from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { Groups } from './groups.ts';

/** Mounts the API of groups. */
export const mountGroups = (api: Api, { groups }: { groups: Groups }): void => {
  api.mount(listGroups, async ({ caller }) => {
    const listed = await groups.list(caller);
    return { groups: listed, total: listed.length };
  });
  api.mount(createGroup, async ({ body, caller }) => ({ group: await groups.create(caller, body) }));
  api.mount(updateGroup, async ({ params, body }) => ({ group: await groups.update(params.group_id, body) }));
  api.mount(deleteGroup, async ({ params }) => {
    await groups.delete(params.group_id);
    return undefined;
  });
  api.mount(listGroupMembers, async ({ params }) => {
    const members = await groups.members(params.group_id);
    return { members, total: members.length };
  });
  api.mount(addGroupMember, async ({ params, body, caller }) => ({
    member: await groups.add(caller, params.group_id, body),
  }));
  api.mount(removeGroupMember, async ({ params }) => {
    await groups.remove(params.group_id, params.user_id);
    return undefined;
  });
};
