import { type MigrationStep, noteSigning } from '@webxterm/shared/mongo';
import { auditModels } from '../audit/row.ts';

/** Records that checkpoints are signed from now on. In a new installation no unsigned one ever counts (ADR 20). */
export const messagesSigned: MigrationStep = {
  name: '0001-messages-signed',
  up: (connection) => noteSigning(connection, auditModels(connection).rows),
};
