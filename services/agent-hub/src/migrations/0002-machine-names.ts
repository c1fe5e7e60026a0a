import type { MigrationStep } from '@webxterm/shared/mongo';
import { fillNames } from '../machines/fill-names.ts';
import { defineMachineModels } from '../machines/record.ts';

/**
 * Machines get what their names are ordered and compared by (ADR 24). At each start: a hub of another version may have renamed one, and
 * the key follows the Unicode tables of Node. Reading 10,000 names takes 0.8 s. The unique index decides who gets a folded name.
 */
export const machineNames: MigrationStep = {
  name: '0002-machine-names',
  atEachStart: true,
  up: async (connection, logger) => {
    const { machines } = defineMachineModels(connection);
    await machines.createCollection();
    await machines.createIndexes();
    await fillNames(machines, logger);
  },
};
