import type { MigrationStep } from '@webxterm/shared/mongo';
import { messagesSigned } from './0001-messages-signed.ts';
import { usernameSkeletons } from './0002-username-skeletons.ts';
import { usernameKeys } from './0003-username-keys.ts';
import { factorsOnTheList } from './0004-factors-on-the-list.ts';

/** The changes of this service's database, in order. How to add a step: docs/operations.md, Changes of the databases. */
export const authMigrations: readonly MigrationStep[] = [
  messagesSigned,
  usernameSkeletons,
  usernameKeys,
  factorsOnTheList,
];
