import { type MigrationStep, noteSigning } from '@webxterm/shared/mongo';
import { sessionModel } from '../sessions/record.ts';

/** From now on the messages of hubs and terminals are signed, and in a new installation no other one ever counts (ADR 20). */
export const messagesSigned: MigrationStep = {
  name: '0001-messages-signed',
  up: (connection) => noteSigning(connection, sessionModel(connection)),
};
