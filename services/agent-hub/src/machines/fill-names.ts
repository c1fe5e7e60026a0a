import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@webxterm/shared';
import mongoose, { type Types } from 'mongoose';
import { storedDescription, storedName, storedTags } from './machine-name.ts';
import type { MachineModels, StoredMachine } from './record.ts';

const batchSize = 500;

type Machines = MachineModels['machines'];
type NamedMachine = Pick<StoredMachine, '_id' | 'agent_id' | 'owner_id' | 'name' | 'name_key' | 'name_folded'>;
type LabelledMachine = Pick<StoredMachine, '_id' | 'description' | 'description_folded' | 'tags' | 'tags_folded'>;
const named = { agent_id: 1, owner_id: 1, name: 1, name_key: 1, name_folded: 1 } as const;
const labelled = { description: 1, description_folded: 1, tags: 1, tags_folded: 1 } as const;

/**
 * Sets the sort key and the folded forms of machines that a hub of another version stored or changed. It is a migration step that runs at each
 * start. If names of one owner differ only in case, each machine keeps its name, and only one of them gets the folded form.
 */
export const fillNames = async (machines: Machines, logger: Logger): Promise<void> => {
  let after: Types.ObjectId | undefined;
  for (;;) {
    const rest = after === undefined ? {} : { _id: mongoose.trusted({ $gt: after }) };
    const found: (NamedMachine & LabelledMachine)[] = await machines
      .find(rest, { ...named, ...labelled })
      .sort({ _id: 1 })
      .limit(batchSize)
      .lean();
    await fill(machines, found.filter(isOutdated), logger);
    await fillLabels(machines, found);
    after = found.at(-1)?._id;
    if (found.length < batchSize) return;
  }
};

const isOutdated = (machine: NamedMachine): boolean => {
  const { name_key, name_folded } = storedName(machine.name);
  return machine.name_key !== name_key || (machine.name_folded !== name_folded && machine.name_folded !== null);
};

/** Sets the folded forms of descriptions and tags. The tags themselves stay as they are. */
const fillLabels = async (machines: Machines, found: readonly LabelledMachine[]): Promise<void> => {
  const writes = found.flatMap((machine) => {
    const { _id, description, tags } = machine;
    const { description_folded } = storedDescription(description);
    const { tags_folded } = storedTags(tags);
    if (machine.description_folded === description_folded && isDeepStrictEqual(machine.tags_folded, tags_folded))
      return [];
    // A machine that was changed meanwhile does not match. The change has set the fields.
    return { updateOne: { filter: { _id, description, tags }, update: { $set: { description_folded, tags_folded } } } };
  });
  if (writes.length > 0) await machines.bulkWrite(writes, { ordered: false });
};

const fill = async (machines: Machines, outdated: readonly NamedMachine[], logger: Logger): Promise<void> => {
  const alike = await write(machines, outdated, storedName);
  await write(machines, alike, (name) => ({ ...storedName(name), name_folded: null }));
  if (alike.length === 0) return;
  logger.warn(
    { machines: alike.map(({ agent_id, owner_id, name }) => ({ agent_id, owner_id, name })) },
    'these machine names differ only in case from another of the same owner; they stay, and no new machine can get such a name',
  );
};

/** @returns the machines that were not written, because another machine of the owner has the folded form */
const write = async (
  machines: Machines,
  outdated: readonly NamedMachine[],
  fieldsOf: (name: string) => Pick<NamedMachine, 'name' | 'name_key' | 'name_folded'>,
): Promise<NamedMachine[]> => {
  if (outdated.length === 0) return [];
  // A machine that was renamed meanwhile does not match. The rename has set the fields.
  const writes = outdated.map(({ _id, name }) => ({
    updateOne: { filter: { _id, name }, update: { $set: fieldsOf(name) } },
  }));
  try {
    await machines.bulkWrite(writes, { ordered: false });
    return [];
  } catch (error) {
    if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) throw error;
    const errors = [error.writeErrors].flat();
    if (errors.some(({ code }) => code !== duplicateKey)) throw error;
    return errors.flatMap(({ index }) => outdated[index] ?? []);
  }
};

const duplicateKey = 11_000;
