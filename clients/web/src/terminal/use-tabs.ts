import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { openStorage } from '../storage/kept-values.ts';
import { emptyTabs, TabStore, type Tabs, withMachine, withTab } from './tab-store.ts';

export const newTabKey = (): string => crypto.getRandomValues(new Uint32Array(2)).join('-');

/** The part of the address that names a session on the machine, or the Linux user of a new shell. */
export interface Wanted {
  readonly session?: string | undefined;
  readonly user?: string | undefined;
}

/**
 * The tabs of this browser tab, on any machines: initially at least one on `agentId`. When `agentId` or `wanted` change, as after a link was
 * followed, their tab becomes active.
 */
export const useTabs = (agentId: string, wanted: Wanted): [Tabs, (change: (tabs: Tabs) => Tabs) => void] => {
  const store = useMemo(() => new TabStore(openStorage('sessionStorage')), []);
  const opened = useRef<Tabs>(undefined);
  const [tabs, setTabs] = useState<Tabs>(() => {
    const some = withWanted(store.open(), agentId, wanted);
    opened.current = some;
    return some;
  });
  useEffect(() => {
    store.save(tabs);
  }, [store, tabs]);
  useEffect(() => {
    const release = (): void => store.release();
    const takeBack = (event: PageTransitionEvent): void => {
      if (event.persisted) store.save(opened.current ?? emptyTabs);
    };
    window.addEventListener('pagehide', release);
    window.addEventListener('pageshow', takeBack);
    return () => {
      window.removeEventListener('pagehide', release);
      window.removeEventListener('pageshow', takeBack);
      release();
    };
  }, [store]);
  const change = (how: (tabs: Tabs) => Tabs): void =>
    setTabs((before) => {
      const after = how(before);
      opened.current = after;
      return after;
    });
  const follow = useEffectEvent(() => change((before) => withWanted(before, agentId, wanted)));
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address changes the tabs, not the other way round
  useEffect(() => {
    if (!first.current) follow();
    first.current = false;
  }, [agentId, wanted.session, wanted.user]);
  return [tabs, change];
};

const withWanted = (tabs: Tabs, agentId: string, { session, user }: Wanted): Tabs =>
  session === undefined && user === undefined
    ? withMachine(tabs, newTabKey(), agentId)
    : withTab(tabs, newTabKey(), agentId, session, user);
