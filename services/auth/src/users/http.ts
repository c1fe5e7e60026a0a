import { deleteUser, listUsers, type UserSummary, updateUser } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared';
import type { z } from 'zod';
import type { User } from '../accounts/user.ts';
import type { UserAdmin } from './user-admin.ts';

/** The administrators' view of accounts. */
export const mountUsers = (api: Api, admin: UserAdmin): void => {
  api.mount(listUsers, async ({ query }) => {
    const { users, total } = await admin.list(query.search ?? '', query.page, query.limit);
    return {
      users: users.map(summaryOf),
      total,
      page: query.page,
      limit: query.limit,
      total_pages: Math.ceil(total / query.limit),
    };
  });

  api.mount(updateUser, async ({ params, body }) => {
    const change = {
      ...(body.role === undefined ? {} : { role: body.role }),
      ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
    };
    return { user: summaryOf(await admin.update(params.id, change)) };
  });

  api.mount(deleteUser, async ({ params }) => {
    await admin.delete(params.id);
    return undefined;
  });
};

const summaryOf = (user: User): z.input<typeof UserSummary> => ({
  id: user._id.toHexString(),
  username: user.username,
  email: user.email,
  role: user.role,
  disabled: user.disabled,
  created_at: user.created_at.toISOString(),
});
