import { MachineOwner, MachineSort, MachineStatus } from '@webxterm/contracts/rest';
import { z } from 'zod';
import { ListCursor } from '../layout/list-pages.tsx';
import { keepValue, readKept } from '../storage/kept-values.ts';

export const pageSizes = [25, 50, 100, 200] as const;
const usualPageSize = 25;

/** The part of the list's URL that a saved view has. */
export const MachineListView = z.object({
  search: z.string().max(200).optional().catch(undefined),
  status: MachineStatus.optional().catch(undefined),
  owner: MachineOwner.optional().catch(undefined),
  version: z.string().max(64).optional().catch(undefined),
  sort: MachineSort.optional().catch(undefined),
  limit: z.literal(pageSizes).optional().catch(undefined),
});
export type MachineListView = z.infer<typeof MachineListView>;

/** The search parameters of the list, in the URL for sharing and for the back button. */
export const MachineListSearch = MachineListView.extend({ cursor: ListCursor });

export const columns = ['load', 'seen', 'agent', 'owner'] as const;
export type Column = (typeof columns)[number];

const Settings = z.object({
  /** For an address that names none. */
  sort: MachineSort.catch('name'),
  limit: z.literal(pageSizes).catch(usualPageSize),
  /** The optional columns that are shown. */
  columns: z.array(z.enum(columns)).catch(['load', 'seen']),
  views: z
    .array(z.object({ name: z.string().min(1).max(60), view: MachineListView }))
    .max(50)
    .catch([]),
});
/** The settings of the list of machines that this browser keeps. */
export type ListSettings = z.infer<typeof Settings>;

const key = 'webxterm.machines';

export const readListSettings = (storage: Pick<Storage, 'getItem'> | undefined): ListSettings =>
  readKept(storage, key, Settings) ?? Settings.parse({});

export const writeListSettings = (storage: Pick<Storage, 'setItem'> | undefined, settings: ListSettings): void =>
  void keepValue(storage, key, settings);

/** Adds a view, in place of one of the same name, in the order of names. */
export const withView = (settings: ListSettings, name: string, view: MachineListView): ListSettings => ({
  ...settings,
  views: [...settings.views.filter((saved) => saved.name !== name), { name, view }]
    .toSorted((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }))
    .slice(0, 50),
});

export const withoutView = (settings: ListSettings, name: string): ListSettings => ({
  ...settings,
  views: settings.views.filter((saved) => saved.name !== name),
});
