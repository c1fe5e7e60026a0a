import { expect, it } from 'vitest';
import { emptyTabs, maxTabs, shownTabs, type Tabs, withSplit, withTab } from './tab-store.ts';
import { withWorkspace, workspaceOf } from './workspace-copy.ts';

const agentId = `ag_${'1'.repeat(26)}`;
const session = (letter: string): string => letter.repeat(21).concat('A');
/** A, and B beside C, which is active. */
const some = (): Tabs => {
  const two = withTab(withTab(emptyTabs, 'a', agentId, session('A')), 'b', agentId, session('B'));
  const split = withSplit(two, 'c');
  return { ...split, tabs: split.tabs.map((tab) => (tab.key === 'c' ? { ...tab, sessionId: session('C') } : tab)) };
};
const counter = (): (() => string) => {
  let count = 0;
  return () => {
    count += 1;
    return `n${count}`;
  };
};
const sessionsOf = (tabs: readonly { sessionId?: string | undefined }[]): string =>
  tabs.map(({ sessionId }) => sessionId?.charAt(0)).join('');

it('tabs are opened in another browser as they were, side by side, without sessions that have ended', () => {
  const workspace = workspaceOf(some());
  if (workspace === undefined) throw new Error('no workspace');
  const opened = withWorkspace(emptyTabs, workspace, new Set(['A', 'B', 'C'].map(session)), counter());
  expect([sessionsOf(opened.tabs), sessionsOf(shownTabs(opened))]).toEqual(['ABC', 'BC']);
  expect(opened.tabs.find(({ key }) => key === opened.active)?.sessionId).toBe(session('C'));
  const fewer = withWorkspace(emptyTabs, workspace, new Set([session('A')]), counter());
  expect([sessionsOf(fewer.tabs), fewer.active]).toEqual(['A', fewer.tabs[0]?.key]);
});

it('a session that has a tab gets no second one, and there are not more tabs than the page may have', () => {
  const workspace = workspaceOf(some());
  if (workspace === undefined) throw new Error('no workspace');
  const live = new Set(['A', 'B', 'C'].map(session));
  expect(sessionsOf(withWorkspace(some(), workspace, live, counter()).tabs)).toBe('ABC');
  const key = counter();
  let full: Tabs = emptyTabs;
  while (full.tabs.length < maxTabs - 1) full = withTab(full, key(), agentId);
  expect(withWorkspace(full, workspace, live, key).tabs).toHaveLength(maxTabs);
});

it('one tab, or tabs without a session, replace no arrangement', () => {
  expect(workspaceOf(withTab(emptyTabs, 'a', agentId, session('A')))).toBeUndefined();
  expect(workspaceOf(withSplit(withTab(emptyTabs, 'a', agentId, session('A')), 'b'))).toBeUndefined();
});
