import { describe, expect, it } from 'vitest';
import {
  activeMoved,
  emptyTabs,
  maxPanes,
  maxTabs,
  printableTitle,
  shownTabs,
  TabStore,
  type Tabs,
  withBeside,
  withDropped,
  withMachine,
  withMoved,
  withName,
  withNewShell,
  withoutSplit,
  withoutTab,
  withSessionAgain,
  withShifted,
  withSplit,
  withTab,
} from './tab-store.ts';

const sessionId = 'AAAAAAAAAAAAAAAAAAAAAA';
const viewerId = 'BBBBBBBBBBBBBBBBBBBBBA';
const agentId = `ag_${'1'.repeat(26)}`;
const otherMachine = `ag_${'2'.repeat(26)}`;

class MemoryStorage {
  readonly items = new Map<string, string>();
  getItem = (key: string): string | null => this.items.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.items.set(key, value);
}

const oneTab: Tabs = { tabs: [{ key: 'a', agentId, title: 'vim', sessionId, viewerId }], active: 'a' };
const three = ['a', 'b', 'c'].reduce((tabs, key) => withTab(tabs, key, agentId), emptyTabs);

describe('tabs', () => {
  it('show a new tab', () => {
    expect(three.tabs.map((tab) => tab.key)).toEqual(['a', 'b', 'c']);
    expect(three.active).toBe('c');
  });

  it('show a session once: opening it again shows its tab', () => {
    const tabs = withTab(withTab(emptyTabs, 'a', agentId, sessionId), 'b', agentId);
    expect(withTab(tabs, 'c', agentId, sessionId)).toEqual({ ...tabs, active: 'a' });
  });

  it('are bounded', () => {
    let tabs = emptyTabs;
    for (let n = 0; n < maxTabs + 5; n += 1) tabs = withTab(tabs, String(n), agentId);
    expect(tabs.tabs).toHaveLength(maxTabs);
  });

  it('have the name that the user gives them, without deceptive characters, until it is removed', () => {
    const named = withName(oneTab, 'a', ' log\u202e\x1b[1m ');
    expect(named.tabs[0]).toMatchObject({ name: 'log [1m', title: 'vim' });
    expect(withNewShell(named, 'a', 'b').tabs[0]).toEqual({ key: 'b', agentId, title: '', name: 'log [1m' });
    expect(withName(named, 'a', '  ')).toEqual(oneTab);
  });

  it('attach again to a session that was taken over, as the same viewer', () => {
    expect(withSessionAgain(oneTab, 'a', 'b')).toEqual({
      tabs: [{ key: 'b', agentId, title: 'vim', sessionId, viewerId }],
      active: 'b',
    });
  });

  it('show a neighbour when the shown tab closes', () => {
    expect(withoutTab({ ...three, active: 'b' }, 'b').active).toBe('c');
    expect(withoutTab(three, 'c').active).toBe('b');
    expect(withoutTab(three, 'a').active).toBe('c');
    expect(withoutTab(withTab(emptyTabs, 'a', agentId), 'a')).toEqual(emptyTabs);
  });

  it('continue at the other end', () => {
    expect(activeMoved(three, 1).active).toBe('a');
    expect(activeMoved(activeMoved(three, 1), -1).active).toBe('c');
    expect(activeMoved(emptyTabs, 1)).toEqual(emptyTabs);
  });

  it('replace an ended shell by a new one that is independent of it', () => {
    const tabs = withNewShell(oneTab, 'a', 'z');
    expect(tabs).toEqual({ tabs: [{ key: 'z', agentId, title: '' }], active: 'z' });
  });

  it('are of any machine: opening a machine shows its tab, or a new one if it has none', () => {
    expect(withMachine(three, 'x', agentId)).toEqual(three);
    const both = withMachine(three, 'd', otherMachine);
    expect([both.active, both.tabs.at(-1)?.agentId]).toEqual(['d', otherMachine]);
    expect(withMachine(both, 'x', agentId).active).toBe('a');
  });
});

describe('tabs side by side', () => {
  const keysOf = (tabs: Tabs): string[] => shownTabs(tabs).map(({ key }) => key);

  it('are the active one and those that were split from it, up to four', () => {
    expect(keysOf(three)).toEqual(['c']);
    const two = withSplit({ ...three, active: 'b' }, 'b2');
    expect([two.tabs.map(({ key }) => key), two.active, keysOf(two)]).toEqual([
      ['a', 'b', 'b2', 'c'],
      'b2',
      ['b', 'b2'],
    ]);
    expect(keysOf({ ...two, active: 'a' })).toEqual(['a']);
    const five = ['3', '4', '5'].reduce(withSplit, two);
    expect(keysOf(five)).toHaveLength(maxPanes);
  });

  it('may be of several machines, and can be separated again', () => {
    const beside = withBeside(withTab(three, 'd', otherMachine), 'a');
    expect(keysOf(beside)).toEqual(['a', 'd']);
    expect(withBeside(beside, 'd')).toEqual(beside);
    expect(keysOf(withoutSplit(beside))).toEqual(['d']);
    expect(keysOf(withoutTab(beside, 'd'))).toEqual(['a']);
  });
});

describe('over a reload', () => {
  it('the same page is the same viewer of the same sessions', () => {
    const storage = new MemoryStorage();
    const before = new TabStore(storage);
    before.save(oneTab);
    before.release();
    expect(new TabStore(storage).open()).toEqual(oneTab);
  });

  it('a duplicated tab keeps the sessions and is another viewer', () => {
    const storage = new MemoryStorage();
    new TabStore(storage).save(oneTab);
    expect(new TabStore(storage).open()).toEqual({
      tabs: [{ key: 'a', agentId, title: 'vim', sessionId }],
      active: 'a',
    });
  });

  it('a page that reloads twice without a change is still the same viewer', () => {
    const storage = new MemoryStorage();
    const first = new TabStore(storage);
    first.save(oneTab);
    first.release();
    const second = new TabStore(storage);
    second.open();
    second.release();
    expect(new TabStore(storage).open()).toEqual(oneTab);
  });

  it('ignores invalid entries in the storage', () => {
    const storage = new MemoryStorage();
    storage.setItem('webxterm.tabs', '{"tabs":[{"key":1}]}');
    expect(new TabStore(storage).open()).toEqual(emptyTabs);
    storage.setItem('webxterm.tabs', 'not json');
    expect(new TabStore(storage).open()).toEqual(emptyTabs);
  });

  it('continues if the storage is full', () => {
    const full = {
      getItem: () => null,
      setItem: () => {
        throw new Error('QuotaExceededError');
      },
    };
    expect(() => new TabStore(full).save(oneTab)).not.toThrow();
  });
});

describe('titles', () => {
  it('are truncated, and invisible characters are removed', () => {
    expect(printableTitle('x'.repeat(500))).toHaveLength(80);
    expect(printableTitle('a\u202egnp.exe\u0007')).toBe('a gnp.exe');
    expect(printableTitle('user@host: ~/src')).toBe('user@host: ~/src');
  });
});

describe('a tab that is dragged', () => {
  const three = (): Tabs => ['a', 'b', 'c'].reduce((tabs, key) => withTab(tabs, key, agentId), emptyTabs);
  const order = ({ tabs }: Tabs): string => tabs.map(({ key }) => key).join('');
  const shown = (tabs: Tabs): string =>
    shownTabs(tabs)
      .map(({ key }) => key)
      .join('');

  it('moves before or after another, and by the keyboard one place', () => {
    expect(order(withMoved(three(), 'c', { key: 'a', side: 'before' }))).toBe('cab');
    expect(order(withMoved(three(), 'a', { key: 'b', side: 'after' }))).toBe('bac');
    for (const nowhere of ['a', 'gone'])
      expect(order(withMoved(three(), 'a', { key: nowhere, side: 'after' }))).toBe('abc');
    expect(order(withMoved(three(), 'gone', { key: 'a', side: 'after' }))).toBe('abc');
    expect([order(withShifted(three(), 'b', 1)), order(withShifted(three(), 'b', -1))]).toEqual(['acb', 'bac']);
    expect([order(withShifted(three(), 'c', 1)), order(withShifted(three(), 'a', -1))]).toEqual(['abc', 'abc']);
  });

  it('is shown at the side of the active one where it is dropped, also from one side to the other', () => {
    const left = withDropped(three(), 'a', 'before');
    expect([shown(left), order(left), left.active]).toEqual(['ac', 'bac', 'c']);
    expect(shown(withDropped(left, 'a', 'after'))).toBe('ca');
    expect(shown(withDropped(three(), 'c', 'before'))).toBe('c');
  });

  it('stays where it is if 4 are shown already', () => {
    let full = three();
    for (let count = shownTabs(full).length; count < maxPanes; count += 1) full = withSplit(full, `n${count}`);
    expect(withDropped(full, 'a', 'before')).toBe(full);
  });
});
