import { type MigrationStep, noteSigning } from '@webxterm/shared/mongo';
import { defineMachineModels } from '../machines/record.ts';

/** Records when auth began to sign messages, which ends the acceptance of unsigned ones. A new installation accepts none (ADR 20). */
export const messagesSigned: MigrationStep = {
  name: '0001-messages-signed',
  up: (connection) => noteSigning(connection, defineMachineModels(connection).machines),
};
