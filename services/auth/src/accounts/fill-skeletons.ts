import type { Logger } from '@webxterm/shared';
import { usernameSkeletons } from './names.ts';
import type { User } from './user.ts';
import type { UserStore } from './user-store.ts';

const batch = 200;

/**
 * Stores the skeletons of users from an earlier version. A step of the migrations. Users whose names look alike keep their names: the later
 * one gets the skeletons that are free, and a warning names it.
 */
export const fillSkeletons = async (
  users: Pick<UserStore, 'withoutSkeletons' | 'addSkeletons'>,
  logger: Logger,
): Promise<void> => {
  let after: User['_id'] | null = null;
  for (;;) {
    const found: Pick<User, '_id' | 'username'>[] = await users.withoutSkeletons(after, batch);
    const added = await Promise.all(found.map((user) => fill(users, user)));
    const alike = found.filter((_user, index) => added[index] === false);
    if (alike.length > 0)
      logger.warn(
        { users: alike.map(({ _id, username }) => ({ user_id: _id.toHexString(), username })) },
        'these usernames look like those of other users; they are kept, and no new user can get such a name',
      );
    const last = found.at(-1);
    if (last === undefined || found.length < batch) return;
    after = last._id;
  }
};

/** @returns false when the name looks like that of another user */
const fill = async (users: Pick<UserStore, 'addSkeletons'>, user: Pick<User, '_id' | 'username'>): Promise<boolean> => {
  const skeletons = usernameSkeletons(user.username);
  if (await users.addSkeletons(user, skeletons)) return true;
  for (const skeleton of skeletons) await users.addSkeletons(user, [skeleton]);
  return false;
};
