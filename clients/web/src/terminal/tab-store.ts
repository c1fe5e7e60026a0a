import { SessionId, ViewerId } from '@webxterm/contracts/rest';
import { z } from 'zod';
import { isEncoding } from './encodings.ts';

/** Longer ones are cut: a title is what the shell sent. */
export const maxTitle = 80;
/** More than anyone works with, and each holds a screen and a socket. */
export const maxTabs = 20;

const Tab = z.object({
  /** Names the tab in this page only. */
  key: z.string().max(64),
  /** Undefined until the first attach. */
  sessionId: SessionId.optional(),
  viewerId: ViewerId.optional(),
  title: z.string().max(maxTitle),
  /** What the person calls it: stands over the title. */
  name: z.string().max(maxTitle).optional(),
  /** What its programs write, where it is not UTF-8. */
  encoding: z.string().refine(isEncoding).optional().catch(undefined),
});
export type Tab = z.infer<typeof Tab>;

const Tabs = z.object({ tabs: z.array(Tab).max(maxTabs), active: z.string() });
export type Tabs = z.infer<typeof Tabs>;

const Kept = Tabs.extend({
  /** A page has them. Still so when a page loads: it is a copy of that page (a duplicated tab), or that page crashed. */
  inUse: z.boolean(),
});

export const emptyTabs: Tabs = { tabs: [], active: '' };

/** The tabs with one more, in front of you. A session that has a tab already gets that one. */
export const withTab = (tabs: Tabs, key: string, sessionId?: string): Tabs => {
  const there = sessionId === undefined ? undefined : tabs.tabs.find((tab) => tab.sessionId === sessionId);
  if (there !== undefined) return { ...tabs, active: there.key };
  if (tabs.tabs.length >= maxTabs) return tabs;
  return { tabs: [...tabs.tabs, { key, title: '', ...(sessionId !== undefined && { sessionId }) }], active: key };
};

/** The tabs without one; its right neighbour comes to the front, else the left one. */
export const withoutTab = (tabs: Tabs, key: string): Tabs => {
  const at = tabs.tabs.findIndex((tab) => tab.key === key);
  if (at === -1) return tabs;
  const rest = tabs.tabs.filter((tab) => tab.key !== key);
  const neighbour = rest[Math.min(at, rest.length - 1)]?.key ?? '';
  return { tabs: rest, active: tabs.active === key ? neighbour : tabs.active };
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

/** The tab with a new shell in the place of one that has ended; it keeps the name that the person gave it. */
export const withNewShell = (tabs: Tabs, key: string, newKey: string): Tabs =>
  replaced(tabs, key, ({ name }) => ({ key: newKey, title: '', ...(name !== undefined && { name }) }));

/** The tab with its session, attached to anew as the viewer that it is. */
export const withSessionAgain = (tabs: Tabs, key: string, newKey: string): Tabs =>
  replaced(tabs, key, (tab) => ({ ...tab, key: newKey }));

/** The tab under the name that the person gives it; an empty one gives the shell's title back. */
export const withName = (tabs: Tabs, key: string, name: string): Tabs =>
  replaced(tabs, key, ({ name: _, ...tab }) => {
    const printable = printableTitle(name);
    return printable === '' ? tab : { ...tab, name: printable };
  });

/** The tab `steps` to the right, round the end. */
export const activeMoved = (tabs: Tabs, steps: number): Tabs => {
  const count = tabs.tabs.length;
  const at = tabs.tabs.findIndex((tab) => tab.key === tabs.active);
  const next = count === 0 ? undefined : tabs.tabs[(((at + steps) % count) + count) % count];
  return next === undefined ? tabs : { ...tabs, active: next.key };
};

// Control, format (bidi, zero-width), private-use and unassigned: nothing that could make one title look like another.
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]+/gu;

/** A title that a program set, as it may be shown. */
export const printableTitle = (title: string): string =>
  title
    .slice(0, maxTitle * 8)
    .replace(unprintable, ' ')
    .trim()
    .slice(0, maxTitle);

/**
 * The tabs of one machine in session storage, so that a reload finds the same shells. The browser copies session storage
 * when a tab is duplicated; the copy keeps the sessions but must not pass for the same viewer, or the two would take the
 * shell from each other for ever.
 */
export class TabStore {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>;
  readonly #key: string;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>, agentId: string) {
    this.#storage = storage;
    this.#key = `webxterm.tabs.${agentId}`;
  }

  /** Takes the tabs for this page. */
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

  /** The page goes: the next one in this browser tab is the same viewer. */
  release(): void {
    const kept = this.#read();
    if (kept !== undefined) this.#write({ ...kept, inUse: false });
  }

  #read(): z.infer<typeof Kept> | undefined {
    try {
      return Kept.safeParse(JSON.parse(this.#storage.getItem(this.#key) ?? 'null')).data;
    } catch {
      return undefined;
    }
  }

  #write(kept: z.infer<typeof Kept>): void {
    try {
      this.#storage.setItem(this.#key, JSON.stringify(kept));
    } catch {
      // Storage is full or blocked: the shells live on and stand under Sessions, only a reload does not find the tabs.
    }
  }
}
