import {
  blockUser,
  findGrantee,
  grantAccess,
  leaveAccess,
  listAccess,
  listBlockedUsers,
  revokeAccess,
  unblockUser,
} from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { OwnAccess } from './own-access.ts';
import type { Sharing } from './sharing.ts';

/** Mounts the API of access grants and blocked users. */
export const mountAccess = (api: Api, { sharing, ownAccess }: { sharing: Sharing; ownAccess: OwnAccess }): void => {
  api.mount(listAccess, async ({ params, caller }) => {
    const users = await sharing.list(caller, params.agent_id);
    return { users, total: users.length };
  });
  api.mount(findGrantee, async ({ params, query, caller }) => ({
    user: await sharing.find(caller, params.agent_id, query.username),
  }));
  api.mount(grantAccess, async ({ params, body, caller }) => ({
    user: await sharing.grant(caller, params.agent_id, body),
  }));
  api.mount(revokeAccess, async ({ params, body, caller }) => {
    await sharing.revoke(caller, params.agent_id, body.username);
    return { message: `${body.username} no longer has access to this machine.` };
  });
  api.mount(leaveAccess, async ({ params, body, caller }) => {
    await ownAccess.leave(caller, params.agent_id, body.block_giver);
    return { message: 'You no longer have access to this machine.' };
  });
  api.mount(listBlockedUsers, async ({ caller }) => {
    const users = await ownAccess.blocked(caller);
    return { users, total: users.length };
  });
  api.mount(blockUser, async ({ body, caller }) => ({ user: await ownAccess.block(caller, body.username) }));
  api.mount(unblockUser, async ({ params, caller }) => {
    await ownAccess.unblock(caller, params.user_id);
    return undefined;
  });
};
