import { AppError } from '@webxterm/shared';
import type { ClientSession } from 'mongoose';
import type { User } from './user.ts';
import type { UserStore } from './user-store.ts';

export const isAdmin = (user: Pick<User, 'role' | 'disabled'>): boolean => user.role === 'admin' && !user.disabled;

/** Requires another enabled administrator, so that one always remains. @throws AppError conflict */
export const keepOneAdmin = async (users: UserStore, user: User, session: ClientSession): Promise<void> => {
  if ((await users.otherAdmins(user._id, session)) === 0)
    throw new AppError('conflict', 'This is the last administrator. Make another user an administrator first.');
};
