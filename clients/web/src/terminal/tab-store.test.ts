import { describe, expect, it } from 'vitest';
import {
  activeMoved,
  emptyTabs,
  maxTabs,
  printableTitle,
  TabStore,
  type Tabs,
  withChange,
  withName,
  withNewShell,
  withoutTab,
  withSessionAgain,
  withTab,
} from './tab-store.ts';

const sessionId = 'AAAAAAAAAAAAAAAAAAAAAA';
const viewerId = 'BBBBBBBBBBBBBBBBBBBBBA';
const agentId = 'ag_1';

class MemoryStorage {
  readonly items = new Map<string, string>();
  getItem = (key: string): string | null => this.items.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.items.set(key, value);
}

const oneTab: Tabs = { tabs: [{ key: 'a', title: 'vim', sessionId, viewerId }], active: 'a' };
const three = ['a', 'b', 'c'].reduce((tabs, key) => withTab(tabs, key), emptyTabs);

describe('tabs', () => {
  it('put a new one to the front', () => {
    expect(three.tabs.map((tab) => tab.key)).toEqual(['a', 'b', 'c']);
    expect(three.active).toBe('c');
  });

  it('show a session once: asking for it again brings its tab to the front', () => {
    const tabs = withTab(withTab(emptyTabs, 'a', sessionId), 'b');
    expect(withTab(tabs, 'c', sessionId)).toEqual({ ...tabs, active: 'a' });
  });

  it('have a bound', () => {
    let tabs = emptyTabs;
    for (let n = 0; n < maxTabs + 5; n += 1) tabs = withTab(tabs, String(n));
    expect(tabs.tabs).toHaveLength(maxTabs);
  });

  it('have the name that the person gives them, without what could deceive, until it is taken away', () => {
    const named = withName(oneTab, 'a', ' log\u202e\x1b[1m ');
    expect(named.tabs[0]).toMatchObject({ name: 'log [1m', title: 'vim' });
    expect(withNewShell(named, 'a', 'b').tabs[0]).toEqual({ key: 'b', title: '', name: 'log [1m' });
    expect(withName(named, 'a', '  ')).toEqual(oneTab);
  });

  it('attach anew to a session that was taken over, as the viewer that they were', () => {
    expect(withSessionAgain(oneTab, 'a', 'b')).toEqual({
      tabs: [{ key: 'b', title: 'vim', sessionId, viewerId }],
      active: 'b',
    });
  });

  it('bring a neighbour to the front when the front one closes', () => {
    expect(withoutTab({ ...three, active: 'b' }, 'b').active).toBe('c');
    expect(withoutTab(three, 'c').active).toBe('b');
    expect(withoutTab(three, 'a').active).toBe('c');
    expect(withoutTab(withTab(emptyTabs, 'a'), 'a')).toEqual(emptyTabs);
  });

  it('go round the ends', () => {
    expect(activeMoved(three, 1).active).toBe('a');
    expect(activeMoved(activeMoved(three, 1), -1).active).toBe('c');
    expect(activeMoved(emptyTabs, 1)).toEqual(emptyTabs);
  });

  it('give an ended shell’s place to a new one that is independent of it', () => {
    const tabs = withNewShell(oneTab, 'a', 'z');
    expect(tabs).toEqual({ tabs: [{ key: 'z', title: '' }], active: 'z' });
  });
});

describe('over a reload', () => {
  it('the same page is the same viewer of the same sessions', () => {
    const storage = new MemoryStorage();
    const before = new TabStore(storage, agentId);
    before.save(oneTab);
    before.release();
    expect(new TabStore(storage, agentId).open()).toEqual(oneTab);
  });

  it('a duplicated tab keeps the sessions and is another viewer', () => {
    const storage = new MemoryStorage();
    new TabStore(storage, agentId).save(oneTab);
    expect(new TabStore(storage, agentId).open()).toEqual({
      tabs: [{ key: 'a', title: 'vim', sessionId }],
      active: 'a',
    });
  });

  it('a page that reloads twice without a change is still the same viewer', () => {
    const storage = new MemoryStorage();
    const first = new TabStore(storage, agentId);
    first.save(oneTab);
    first.release();
    const second = new TabStore(storage, agentId);
    second.open();
    second.release();
    expect(new TabStore(storage, agentId).open()).toEqual(oneTab);
  });

  it('machines do not share tabs, and rubbish in the storage is no tab', () => {
    const storage = new MemoryStorage();
    new TabStore(storage, agentId).save(withChange(oneTab, 'a', { title: 'x' }));
    expect(new TabStore(storage, 'ag_2').open()).toEqual(emptyTabs);
    storage.setItem('webxterm.tabs.ag_3', '{"tabs":[{"key":1}]}');
    expect(new TabStore(storage, 'ag_3').open()).toEqual(emptyTabs);
    storage.setItem('webxterm.tabs.ag_3', 'not json');
    expect(new TabStore(storage, 'ag_3').open()).toEqual(emptyTabs);
  });

  it('goes on without a storage that is full', () => {
    const full = {
      getItem: () => null,
      setItem: () => {
        throw new Error('QuotaExceededError');
      },
    };
    expect(() => new TabStore(full, agentId).save(oneTab)).not.toThrow();
  });
});

describe('titles', () => {
  it('are cut and lose what cannot be seen', () => {
    expect(printableTitle('x'.repeat(500))).toHaveLength(80);
    expect(printableTitle('a\u202egnp.exe\u0007')).toBe('a gnp.exe');
    expect(printableTitle('user@host: ~/src')).toBe('user@host: ~/src');
  });
});
