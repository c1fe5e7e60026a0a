import { buildIndexesOf, type MigrationStep } from '@webxterm/shared/mongo';
import { fillSkeletons } from '../accounts/fill-skeletons.ts';
import { userModel } from '../accounts/user.ts';
import { UserStore } from '../accounts/user-store.ts';

/**
 * Stores the skeletons of users from a version that allowed similar names (ADR 23). The unique index decides which user gets a skeleton.
 */
export const usernameSkeletons: MigrationStep = {
  name: '0002-username-skeletons',
  up: async (connection, logger) => {
    const users = userModel(connection);
    await buildIndexesOf(users);
    await fillSkeletons(new UserStore(connection), logger);
  },
};
