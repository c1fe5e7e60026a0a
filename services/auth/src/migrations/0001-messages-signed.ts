import { type MigrationStep, noteSigning } from '@webxterm/shared/mongo';
import { auditModels } from '../audit/row.ts';

/** From now on checkpoints are signed, and in a new installation no other one ever counts (ADR 20). */
export const messagesSigned: MigrationStep = {
  name: '0001-messages-signed',
  up: (connection) => noteSigning(connection, auditModels(connection).rows),
};
