import { type MigrationStep, noteSigning } from '@webxterm/shared/mongo';
import { defineMachineModels } from '../machines/record.ts';

/** Records the time from which messages of auth must be signed. A new installation never accepts unsigned messages (ADR 20). */
export const messagesSigned: MigrationStep = {
  name: '0001-messages-signed',
  up: (connection) => noteSigning(connection, defineMachineModels(connection).machines),
};
