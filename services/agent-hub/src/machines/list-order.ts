import type { MachineSort } from '@webxterm/contracts/rest';
import { type Place, rowsBehind } from '@webxterm/shared/mongo';
import mongoose, { type QueryFilter } from 'mongoose';
import { isPending, type MachineRecord, type StoredMachine, withoutAgent } from './record.ts';

type Filter = QueryFilter<MachineRecord>;

/** An order of the list. The id decides between equal machines. */
export interface ListOrder {
  /** The order of MongoDB within one section. */
  readonly sort: Readonly<Record<string, 1 | -1>>;
  /** Filters of the sections, one after the other. Each machine is in one of them. */
  readonly sections: readonly Filter[];
  /** The section of a machine, by its index. */
  sectionOf(machine: StoredMachine): number;
  /** Sort key of a machine within its section. */
  keyOf(machine: StoredMachine): string;
  /** The filter for the machines after a position within a section. */
  behind(place: Place): Filter;
}

const byName = {
  sort: { name_key: 1, _id: 1 },
  keyOf: ({ name_key }: StoredMachine) => name_key ?? '',
  behind: (place: Place): Filter => rowsBehind('name_key', place),
} as const;

const whole = { sections: [{}], sectionOf: () => 0 };

/** The order of the list for a choice of the caller. `onlineIds`: the machines that are online now. */
export const listOrder = (sort: MachineSort, onlineIds: () => readonly string[]): ListOrder => {
  switch (sort) {
    case 'name':
      return { ...byName, ...whole };
    case '-name':
      return {
        ...whole,
        sort: { name_key: -1, _id: -1 },
        keyOf: byName.keyOf,
        behind: ({ key, id }) => rowsBefore('name_key', key === '' ? null : key, id),
      };
    case '-last_active':
      return {
        ...whole,
        sort: { last_active: -1, _id: -1 },
        keyOf: ({ last_active }) => last_active?.toISOString() ?? '',
        behind: ({ key, id }) => rowsBefore('last_active', key === '' ? null : new Date(key), id),
      };
    case '-created_at':
      return {
        ...whole,
        sort: { created_at: -1, _id: -1 },
        keyOf: ({ created_at }) => created_at.toISOString(),
        behind: ({ key, id }) => rowsBefore('created_at', new Date(key), id),
      };
    case 'status':
      return { ...byName, ...onlineFirst(onlineIds()) };
  }
};

/** The filter for the rows after a position in a list that is sorted by `field` and id, both descending. Rows without a value come last. */
const rowsBefore = (
  field: 'name_key' | 'last_active' | 'created_at',
  value: string | Date | null,
  id: Place['id'],
): Filter => {
  const earlier = { _id: mongoose.trusted({ $lt: id }) };
  if (value === null) return { [field]: null, ...earlier };
  return { $or: [{ [field]: mongoose.trusted({ $lt: value }) }, { [field]: null }, { [field]: value, ...earlier }] };
};

const onlineFirst = (ids: readonly string[]): Pick<ListOrder, 'sections' | 'sectionOf'> => {
  const online = new Set(ids);
  return {
    sections: [
      { agent_id: mongoose.trusted({ $in: ids }), ...withoutAgent(false) },
      { agent_id: mongoose.trusted({ $nin: ids }), ...withoutAgent(false) },
      withoutAgent(true),
    ],
    sectionOf: (machine) => (isPending(machine) ? 2 : online.has(machine.agent_id) ? 0 : 1),
  };
};
