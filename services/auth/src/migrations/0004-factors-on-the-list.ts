import type { MigrationStep } from '@webxterm/shared/mongo';
import { listFactors } from '../second-factors/list-factors.ts';

/** Adds to the entries of the allow-list whether their user has a second factor, for users who have one. */
export const factorsOnTheList: MigrationStep = { name: '0004-factors-on-the-list', up: listFactors };
