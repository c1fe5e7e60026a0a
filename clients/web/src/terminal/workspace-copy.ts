import type { Workspace } from '@webxterm/contracts/rest';
import { maxTabs, type Tab, type Tabs } from './tab-store.ts';

/** Fewer tabs are no arrangement: a single terminal must not replace that of another browser. */
const fewestTabs = 2;

/** The tabs as the server keeps them for other browsers. Undefined: too few have a session. */
export const workspaceOf = ({ tabs, active }: Tabs): Workspace | undefined => {
  const kept = tabs.flatMap(({ sessionId, ...tab }) => (sessionId === undefined ? [] : [{ ...tab, sessionId }]));
  if (kept.length < fewestTabs) return undefined;
  const groups = [...new Set(kept.flatMap(({ group = [] }) => group))];
  return {
    tabs: kept.map(({ agentId, sessionId, group }) => ({
      agent_id: agentId,
      session_id: sessionId,
      ...(group !== undefined && { group: groups.indexOf(group) }),
    })),
    active: Math.max(
      0,
      kept.findIndex(({ key }) => key === active),
    ),
  };
};

/** The tabs of a workspace whose sessions are live. */
export const liveTabsOf = ({ tabs }: Workspace, live: ReadonlySet<string>): Workspace['tabs'] =>
  tabs.filter(({ session_id }) => live.has(session_id));

/** Adds the live tabs of a workspace, side by side as they were, and activates the one that was active. A session that has a tab gets no second one. */
export const withWorkspace = (
  tabs: Tabs,
  workspace: Workspace,
  live: ReadonlySet<string>,
  newKey: () => string,
): Tabs => {
  const groups = new Map<number, string>();
  const groupOf = (group: number): string => {
    const known = groups.get(group) ?? newKey();
    groups.set(group, known);
    return known;
  };
  const there = new Map(tabs.tabs.map((tab) => [tab.sessionId, tab]));
  const added = liveTabsOf(workspace, live)
    .filter(({ session_id }) => !there.has(session_id))
    .slice(0, Math.max(0, maxTabs - tabs.tabs.length))
    .map(
      ({ agent_id, session_id, group }): Tab => ({
        key: newKey(),
        agentId: agent_id,
        sessionId: session_id,
        title: '',
        ...(group !== undefined && { group: groupOf(group) }),
      }),
    );
  const all = [...tabs.tabs, ...added];
  const wanted = workspace.tabs[workspace.active]?.session_id;
  const active = all.find(({ sessionId }) => sessionId === wanted) ?? added[0] ?? all[0];
  return { tabs: all, active: active?.key ?? '' };
};
