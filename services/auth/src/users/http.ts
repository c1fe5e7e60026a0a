import {
  createResetLink,
  createUser,
  deleteUser,
  listUsers,
  type UserSummary,
  updateUser,
  userBelongings,
} from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { z } from 'zod';
import type { Deletion } from '../accounts/deletion.ts';
import type { User } from '../accounts/user.ts';
import { hasSecondFactor } from '../second-factors/second-factor.ts';
import type { SetupLinks } from '../setup-links/setup-links.ts';
import type { CallerCheck } from '../signins/caller-check.ts';
import type { NewAccounts } from './new-accounts.ts';
import type { UserAdmin } from './user-admin.ts';

export interface UserRoutes {
  readonly admin: UserAdmin;
  readonly newAccounts: NewAccounts;
  readonly links: SetupLinks;
  readonly deletion: Deletion;
  readonly callerCheck: CallerCheck;
}

/** Routes for administrators to manage accounts. */
export const mountUsers = (api: Api, { admin, newAccounts, links, deletion, callerCheck }: UserRoutes): void => {
  api.mount(listUsers, async ({ query }) => {
    const { users, total, next } = await admin.list(query.search ?? '', query);
    return {
      users: users.map(summaryOf),
      total,
      page: query.page,
      limit: query.limit,
      total_pages: Math.ceil(total / query.limit),
      next_cursor: next,
    };
  });

  api.mount(createUser, async ({ caller, body }) => {
    const { user, link } = await newAccounts.make(body, callerCheck.asAdmin(caller));
    return { user: summaryOf(user), setup_url: link.url, expires_in: link.expires_in };
  });

  api.mount(createResetLink, ({ caller, params }) => links.makeReset(params.id, callerCheck.asAdmin(caller)));

  api.mount(updateUser, async ({ caller, params, body }) => {
    const change = {
      ...(body.role === undefined ? {} : { role: body.role }),
      ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
    };
    return { user: summaryOf(await admin.update(params.id, change, callerCheck.asAdmin(caller))) };
  });

  api.mount(userBelongings, ({ params }) => deletion.belongings(params.id));

  api.mount(deleteUser, async ({ caller, params, query }) => {
    const machines = query.machines_to === undefined ? query.machines : { to: query.machines_to };
    await deletion.delete(params.id, machines, 'user_deleted', callerCheck.asAdmin(caller));
    return undefined;
  });
};

const summaryOf = (user: User): z.input<typeof UserSummary> => ({
  id: user._id.toHexString(),
  username: user.username,
  email: user.email,
  role: user.role,
  disabled: user.disabled,
  set_up: user.password_hash !== null || (user.identities ?? []).length > 0,
  second_factor: hasSecondFactor(user),
  avatar_url: user.avatar_url,
  created_at: user.created_at.toISOString(),
});
