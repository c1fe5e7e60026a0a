import type { MigrationStep } from '@webxterm/shared/mongo';
import { fillKeys } from '../accounts/fill-keys.ts';
import { UserStore } from '../accounts/user-store.ts';

/**
 * Users get what their names are ordered by (ADR 24). At each start: an auth of another version may have stored or renamed one, and the key
 * follows the Unicode tables of Node.
 */
export const usernameKeys: MigrationStep = {
  name: '0003-username-keys',
  atEachStart: true,
  up: (connection) => fillKeys(new UserStore(connection)),
};
