import type { MigrationStep } from '@webxterm/shared/mongo';
import { messagesSigned } from './0001-messages-signed.ts';

/** The migration steps of this service's database, in order. How to add a step: docs/operations.md, Changes of the databases. */
export const terminalMigrations: readonly MigrationStep[] = [messagesSigned];
