import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { TerminalState } from '@webxterm/terminal-client';
import { useEffect, useEffectEvent, useState } from 'react';
import { useMySessions, useRenameSession } from '../sessions/session-queries.ts';
import {
  activeMoved,
  printableTitle,
  type Tab,
  type TabPlace,
  type Tabs,
  withBeside,
  withChange,
  withDropped,
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
import { useKeptWorkspace } from './use-kept-workspace.ts';
import { newTabKey, useTabs } from './use-tabs.ts';

const route = getRouteApi('/signed-in/terminal/$agentId');

const without = (keys: ReadonlySet<string>, key: string): ReadonlySet<string> =>
  keys.has(key) ? new Set([...keys].filter((other) => other !== key)) : keys;
const withKey = (keys: ReadonlySet<string>, key: string): ReadonlySet<string> =>
  keys.has(key) ? keys : new Set([...keys, key]);

/** The tabs and panes, and the actions on them. `agentId`: the machine that the address names. */
export const useWorkspace = (agentId: string) => {
  const { session, user } = route.useSearch();
  const navigate = useNavigate();
  const [all, changeAll] = useTabs(agentId, { session, user });
  const [rang, setRang] = useState<ReadonlySet<string>>(new Set());
  const [over, setOver] = useState<ReadonlySet<string>>(new Set());
  const names = useKeptNames(changeAll);
  useKeptWorkspace(all);
  useEffect(() => {
    // The shell has a tab now. A reload must restore the tab instead of opening another.
    if (session !== undefined || user !== undefined)
      void navigate({ to: '/terminal/$agentId', params: { agentId }, search: {}, replace: true });
  }, [agentId, session, user, navigate]);
  const { active } = all;
  const machine = all.tabs.find((tab) => tab.key === active)?.agentId;
  const follow = useEffectEvent(() => {
    if (machine === undefined || machine === agentId) return;
    void navigate({ to: '/terminal/$agentId', params: { agentId: machine }, search: {}, replace: true });
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address follows the active tab
  useEffect(() => follow(), [machine]);
  useEffect(() => setRang((keys) => without(keys, active)), [active]);
  return {
    all,
    signs: { rang, over },
    pick: (key: string) => changeAll((tabs) => (tabs.active === key ? tabs : { ...tabs, active: key })),
    /** `linuxUser` undefined: the default of the machine. */
    add: (linuxUser?: string) =>
      changeAll((tabs) => withTab(tabs, newTabKey(), machine ?? agentId, undefined, linuxUser)),
    split: () => changeAll((tabs) => withSplit(tabs, newTabKey())),
    unsplit: () => changeAll(withoutSplit),
    beside: (key: string) => changeAll((tabs) => withBeside(tabs, key)),
    /** Moves a tab to another place in the bar. */
    moveTab: (key: string, place: TabPlace) => changeAll((tabs) => withMoved(tabs, key, place)),
    shift: (key: string, steps: 1 | -1) => changeAll((tabs) => withShifted(tabs, key, steps)),
    drop: (key: string, side: TabPlace['side']) => changeAll((tabs) => withDropped(tabs, key, side)),
    move: (steps: number) => changeAll((tabs) => activeMoved(tabs, steps)),
    close: (key: string) => changeAll((tabs) => withoutTab(tabs, key)),
    rename: (key: string, name: string) => {
      changeAll((tabs) => withName(tabs, key, name));
      names.keep(all.tabs.find((tab) => tab.key === key)?.sessionId, printableTitle(name));
    },
    attached: (tab: Tab, ids: { sessionId: string; viewerId: string }) => {
      changeAll((tabs) => withChange(tabs, tab.key, ids));
      // A new shell in place of an ended one keeps the name of the tab.
      if (tab.name !== undefined && tab.sessionId === undefined) names.keep(ids.sessionId, tab.name);
    },
    attachAgain: (key: string) => changeAll((tabs) => withSessionAgain(tabs, key, newTabKey())),
    restart: (key: string) => changeAll((tabs) => withNewShell(tabs, key, newTabKey())),
    change: (key: string, change: Parameters<typeof withChange>[2]) =>
      changeAll((tabs) => withChange(tabs, key, change)),
    rang: (key: string) => {
      if (key !== active) setRang((keys) => withKey(keys, key));
    },
    stateChanged: (key: string, { state }: TerminalState) =>
      setOver((keys) => (state === 'ended' || state === 'refused' ? withKey(keys, key) : without(keys, key))),
  };
};

/** Keeps the names of tabs with their sessions on the server, and follows names that were given in another browser. */
const useKeptNames = (changeAll: (change: (tabs: Tabs) => Tabs) => void) => {
  const { data: sessions } = useMySessions();
  const rename = useRenameSession();
  const follow = useEffectEvent(() => {
    if (sessions === undefined || rename.isPending) return;
    changeAll((tabs) => ({
      ...tabs,
      tabs: tabs.tabs.map((tab) => {
        const kept = sessions.find(({ session_id }) => session_id === tab.sessionId);
        if (kept === undefined || kept.name === tab.name) return tab;
        const { name: _, ...unnamed } = tab;
        return kept.name === undefined ? unnamed : { ...unnamed, name: kept.name };
      }),
    }));
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what the server says changes the names
  useEffect(() => follow(), [sessions]);
  return {
    keep: (sessionId: string | undefined, name: string) => {
      if (sessionId !== undefined) rename.mutate({ sessionId, name: name === '' ? null : name });
    },
  };
};
