import { type MigrationStep, noteSigning } from '@webxterm/shared/mongo';
import { defineMachineModels } from '../machines/record.ts';

/** From now on the messages of auth are signed, and in a new installation no other one ever counts (ADR 20). */
export const messagesSigned: MigrationStep = {
  name: '0001-messages-signed',
  up: (connection) => noteSigning(connection, defineMachineModels(connection).machines),
};
