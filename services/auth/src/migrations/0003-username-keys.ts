import type { MigrationStep } from '@webxterm/shared/mongo';
import { fillKeys } from '../accounts/fill-keys.ts';
import { UserStore } from '../accounts/user-store.ts';

/**
 * Stores the sort keys of usernames (ADR 24). It runs at each start, because an auth of another version may have stored or renamed a user,
 * and because the key depends on the Unicode tables of Node.
 */
export const usernameKeys: MigrationStep = {
  name: '0003-username-keys',
  atEachStart: true,
  up: (connection) => fillKeys(new UserStore(connection)),
};
