import { type MigrationStep, noteSigning } from '@webxterm/shared/mongo';
import { sessionModel } from '../sessions/record.ts';

/** Records the time from which messages of hubs and terminals must be signed. A new installation never accepts unsigned messages (ADR 20). */
export const messagesSigned: MigrationStep = {
  name: '0001-messages-signed',
  up: (connection) => noteSigning(connection, sessionModel(connection)),
};
