import { buildIndexesOf, type MigrationStep } from '@webxterm/shared/mongo';
import { fillNames } from '../machines/fill-names.ts';
import { defineMachineModels } from '../machines/record.ts';

/**
 * Sets the sort key and the folded form of machine names (ADR 24). It runs at each start, because a hub of another version may have
 * renamed a machine, and because the key depends on the Unicode tables of Node. Reading 10,000 names takes 0.8 s. If names differ only in
 * case, the unique index decides which machine gets the folded form.
 */
export const machineNames: MigrationStep = {
  name: '0002-machine-names',
  atEachStart: true,
  up: async (connection, logger) => {
    const { machines } = defineMachineModels(connection);
    await buildIndexesOf(machines);
    await fillNames(machines, logger);
  },
};
