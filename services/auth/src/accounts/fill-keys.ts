import { nameKey } from '@webxterm/shared';
import type { User } from './user.ts';
import type { UserStore } from './user-store.ts';

const batch = 500;

/** Stores the sort key of users that an auth of another version stored or renamed. A step of the migrations, run at each start. */
export const fillKeys = async (users: Pick<UserStore, 'names' | 'setKeys'>): Promise<void> => {
  let after: User['_id'] | null = null;
  for (;;) {
    const found: Pick<User, '_id' | 'username' | 'username_key'>[] = await users.names(after, batch);
    const outdated = found
      .map((user) => ({ ...user, key: nameKey(user.username) }))
      .filter(({ username_key, key }) => username_key !== key);
    await users.setKeys(outdated.map(({ _id, username, key }) => ({ _id, username, username_key: key })));
    const last = found.at(-1);
    if (last === undefined || found.length < batch) return;
    after = last._id;
  }
};
