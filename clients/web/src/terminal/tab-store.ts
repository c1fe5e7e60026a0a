import { AgentId, LinuxUserName, SessionId, ViewerId } from '@webxterm/contracts/rest';
import { z } from 'zod';
import { keepValue, readKept } from '../storage/kept-values.ts';
import { isEncoding } from './encodings.ts';

/** Longer titles are cut, because a title comes from the shell. */
export const maxTitle = 80;
/** More than a user needs. Each tab holds a screen and a socket. */
export const maxTabs = 20;
/** Terminals side by side in one tab group. */
export const maxPanes = 4;

const Tab = z.object({
  /** Identifies the tab in this page only. */
  key: z.string().max(64),
  /** The machine. */
  agentId: AgentId,
  /** Tabs of one group are shown side by side. The key of one of them. Undefined: alone. */
  group: z.string().max(64).optional(),
  /** Undefined until the first attach. */
  sessionId: SessionId.optional(),
  viewerId: ViewerId.optional(),
  /** The chosen Linux user. Undefined: the default of the machine. */
  linuxUser: LinuxUserName.optional().catch(undefined),
  title: z.string().max(maxTitle),
  /** Name given by the user. Takes precedence over the title. */
  name: z.string().max(maxTitle).optional(),
  /** Encoding of its programs, if it is not UTF-8. */
  encoding: z.string().refine(isEncoding).optional().catch(undefined),
});
export type Tab = z.infer<typeof Tab>;

const Tabs = z.object({ tabs: z.array(Tab).max(maxTabs), active: z.string() });
export type Tabs = z.infer<typeof Tabs>;

const Kept = Tabs.extend({
  /** A page uses these tabs. If it is true when a page loads, the page is a duplicate of the one in use, or the previous page crashed. */
  inUse: z.boolean(),
});

export const emptyTabs: Tabs = { tabs: [], active: '' };

/** Adds a tab and activates it. A session that already has a tab gets no second one. */
export const withTab = (tabs: Tabs, key: string, agentId: string, sessionId?: string, linuxUser?: string): Tabs => {
  const there = sessionId === undefined ? undefined : tabs.tabs.find((tab) => tab.sessionId === sessionId);
  if (there !== undefined) return { ...tabs, active: there.key };
  if (tabs.tabs.length >= maxTabs) return tabs;
  const more = { ...(sessionId !== undefined && { sessionId }), ...(linuxUser !== undefined && { linuxUser }) };
  return { tabs: [...tabs.tabs, { key, agentId, title: '', ...more }], active: key };
};

/** Activates a tab of the machine, or adds one. */
export const withMachine = (tabs: Tabs, key: string, agentId: string): Tabs => {
  const ofMachine = tabs.tabs.filter((tab) => tab.agentId === agentId);
  const shown = ofMachine.find((tab) => tab.key === tabs.active) ?? ofMachine[0];
  return shown === undefined ? withTab(tabs, key, agentId) : { ...tabs, active: shown.key };
};

/** The tabs that are shown at the same time: the active one and those beside it. */
export const shownTabs = ({ tabs, active }: Tabs): readonly Tab[] => {
  const group = tabs.find((tab) => tab.key === active)?.group;
  return tabs.filter((tab) => tab.key === active || (group !== undefined && tab.group === group));
};

/** Opens a new tab beside the active one, on the same machine as the same Linux user, and activates it. No effect beyond 4 side by side. */
export const withSplit = (tabs: Tabs, newKey: string): Tabs => {
  const at = tabs.tabs.findIndex((tab) => tab.key === tabs.active);
  const active = tabs.tabs[at];
  if (active === undefined || tabs.tabs.length >= maxTabs || shownTabs(tabs).length >= maxPanes) return tabs;
  const group = active.group ?? active.key;
  const { agentId, linuxUser } = active;
  const added: Tab = { key: newKey, agentId, group, title: '', ...(linuxUser !== undefined && { linuxUser }) };
  const before = tabs.tabs.slice(0, at);
  return { tabs: [...before, { ...active, group }, added, ...tabs.tabs.slice(at + 1)], active: newKey };
};

/** Shows a tab beside the active one. No effect beyond 4 side by side. */
export const withBeside = (tabs: Tabs, key: string): Tabs => {
  const active = tabs.tabs.find((tab) => tab.key === tabs.active);
  if (active === undefined || key === tabs.active || shownTabs(tabs).length >= maxPanes) return tabs;
  const group = active.group ?? active.key;
  const inGroup = (tab: Tab): Tab => (tab.key === key || tab.key === tabs.active ? { ...tab, group } : tab);
  return { ...tabs, tabs: tabs.tabs.map(inGroup) };
};

/** The place before or after another tab. */
export interface TabPlace {
  readonly key: string;
  readonly side: 'before' | 'after';
}

/** Moves a tab to another place. Terminals side by side are in the order of their tabs. */
export const withMoved = (tabs: Tabs, key: string, place: TabPlace): Tabs => {
  const moved = tabs.tabs.find((tab) => tab.key === key);
  const rest = tabs.tabs.filter((tab) => tab.key !== key);
  const at = rest.findIndex((tab) => tab.key === place.key);
  if (moved === undefined || at === -1) return tabs;
  return { ...tabs, tabs: rest.toSpliced(place.side === 'before' ? at : at + 1, 0, moved) };
};

/** Moves a tab one place to the left or to the right. */
export const withShifted = (tabs: Tabs, key: string, steps: 1 | -1): Tabs => {
  const neighbour = tabs.tabs[tabs.tabs.findIndex((tab) => tab.key === key) + steps];
  return neighbour === undefined
    ? tabs
    : withMoved(tabs, key, { key: neighbour.key, side: steps === 1 ? 'after' : 'before' });
};

/** Shows a tab at one side of the active one. No effect beyond 4 side by side. */
export const withDropped = (tabs: Tabs, key: string, side: TabPlace['side']): Tabs => {
  const shown = shownTabs(tabs).some((tab) => tab.key === key) ? tabs : withBeside(tabs, key);
  return shownTabs(shown).some((tab) => tab.key === key) ? withMoved(shown, key, { key: tabs.active, side }) : tabs;
};

/** Shows the active tab alone again. */
export const withoutSplit = (tabs: Tabs): Tabs => ({
  ...tabs,
  tabs: tabs.tabs.map((tab) => {
    if (tab.key !== tabs.active) return tab;
    const { group: _, ...alone } = tab;
    return alone;
  }),
});

/** Removes a tab. If it was active, a tab beside it becomes active, else its right neighbour, else the left one. */
export const withoutTab = (tabs: Tabs, key: string): Tabs => {
  const at = tabs.tabs.findIndex((tab) => tab.key === key);
  if (at === -1) return tabs;
  const rest = tabs.tabs.filter((tab) => tab.key !== key);
  if (tabs.active !== key) return { ...tabs, tabs: rest };
  const beside = shownTabs(tabs).find((tab) => tab.key !== key);
  return { tabs: rest, active: (beside ?? rest[Math.min(at, rest.length - 1)])?.key ?? '' };
};

export const withChange = (tabs: Tabs, key: string, change: Partial<Omit<Tab, 'key'>>): Tabs => ({
  ...tabs,
  tabs: tabs.tabs.map((tab) => (tab.key === key ? { ...tab, ...change } : tab)),
});

const replaced = (tabs: Tabs, key: string, by: (tab: Tab) => Tab): Tabs => {
  const changed = tabs.tabs.map((tab) => (tab.key === key ? by(tab) : tab));
  const at = tabs.tabs.findIndex((tab) => tab.key === key);
  return { tabs: changed, active: tabs.active === key ? (changed[at]?.key ?? '') : tabs.active };
};

/** Replaces an ended shell by a new one. The tab keeps its Linux user, and the name that the user gave it. */
export const withNewShell = (tabs: Tabs, key: string, newKey: string): Tabs =>
  replaced(tabs, key, ({ agentId, linuxUser, name, group }) => ({
    key: newKey,
    agentId,
    title: '',
    ...(linuxUser !== undefined && { linuxUser }),
    ...(name !== undefined && { name }),
    ...(group !== undefined && { group }),
  }));

/** Attaches the tab to its session again, as the same viewer. */
export const withSessionAgain = (tabs: Tabs, key: string, newKey: string): Tabs =>
  replaced(tabs, key, (tab) => ({ ...tab, key: newKey }));

/** Sets the user's name of a tab. An empty name restores the shell's title. */
export const withName = (tabs: Tabs, key: string, name: string): Tabs =>
  replaced(tabs, key, ({ name: _, ...tab }) => {
    const printable = printableTitle(name);
    return printable === '' ? tab : { ...tab, name: printable };
  });

/** Activates the tab `steps` to the right, cyclically. */
export const activeMoved = (tabs: Tabs, steps: number): Tabs => {
  const count = tabs.tabs.length;
  const at = tabs.tabs.findIndex((tab) => tab.key === tabs.active);
  const next = count === 0 ? undefined : tabs.tabs[(((at + steps) % count) + count) % count];
  return next === undefined ? tabs : { ...tabs, active: next.key };
};

// Control, format (bidi, zero-width), private-use and unassigned code points, which could make one title look like another.
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]+/gu;

/** Makes a title from a program safe to display. */
export const printableTitle = (title: string): string =>
  title
    .slice(0, maxTitle * 8)
    .replace(unprintable, ' ')
    .trim()
    .slice(0, maxTitle);

const storageKey = 'webxterm.tabs';

/**
 * The tabs in session storage, so that a reload restores the same shells. The browser copies session storage when a tab is
 * duplicated. The copy keeps the sessions but must be a different viewer, otherwise the two tabs would displace each other forever.
 */
export class TabStore {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'> | undefined;

  /** `storage` undefined: the browser blocks it, and a reload does not restore the tabs. */
  constructor(storage: Pick<Storage, 'getItem' | 'setItem'> | undefined) {
    this.#storage = storage;
  }

  /** Loads the tabs and marks them as in use by this page. */
  open(): Tabs {
    const kept = this.#read();
    if (kept === undefined) return emptyTabs;
    const tabs = kept.inUse ? kept.tabs.map(({ viewerId: _, ...tab }) => tab) : kept.tabs;
    const opened = { tabs, active: kept.active };
    this.save(opened);
    return opened;
  }

  save(tabs: Tabs): void {
    this.#write({ ...tabs, inUse: true });
  }

  /** Call it when the page unloads. The next page in this browser tab is then the same viewer. */
  release(): void {
    const kept = this.#read();
    if (kept !== undefined) this.#write({ ...kept, inUse: false });
  }

  #read(): z.infer<typeof Kept> | undefined {
    return readKept(this.#storage, storageKey, Kept);
  }

  #write(kept: z.infer<typeof Kept>): void {
    // Not kept if the storage is full. The shells keep running and are listed under Sessions, but a reload does not restore the tabs.
    keepValue(this.#storage, storageKey, kept);
  }
}
