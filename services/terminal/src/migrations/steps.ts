import type { MigrationStep } from '@webxterm/shared/mongo';
import { messagesSigned } from './0001-messages-signed.ts';

/** What was changed in the database of this service, in its order. How to add a step: docs/operations.md, Changes of the databases. */
export const terminalMigrations: readonly MigrationStep[] = [messagesSigned];
