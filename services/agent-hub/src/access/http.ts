import { grantAccess, listAccess, revokeAccess } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { Sharing } from './sharing.ts';

/** Mounts who may use which machine. */
export const mountAccess = (api: Api, sharing: Sharing): void => {
  api.mount(listAccess, async ({ params, caller }) => {
    const users = await sharing.list(caller, params.agent_id);
    return { users, total: users.length };
  });
  api.mount(grantAccess, async ({ params, body, caller }) => ({
    user: await sharing.grant(caller, params.agent_id, body.username, body.role),
  }));
  api.mount(revokeAccess, async ({ params, body, caller }) => {
    await sharing.revoke(caller, params.agent_id, body.username);
    return { message: `${body.username} has no access to this machine any more.` };
  });
};
