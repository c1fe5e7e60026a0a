import type { MigrationStep } from '@webxterm/shared/mongo';
import { fillSkeletons } from '../accounts/fill-skeletons.ts';
import { userModel } from '../accounts/user.ts';
import { UserStore } from '../accounts/user-store.ts';

/** Users of a version that let names look alike get the skeletons of theirs (ADR 23). The unique index decides who gets one. */
export const usernameSkeletons: MigrationStep = {
  name: '0002-username-skeletons',
  up: async (connection, logger) => {
    const users = userModel(connection);
    await users.createCollection();
    await users.createIndexes();
    await fillSkeletons(new UserStore(connection), logger);
  },
};
