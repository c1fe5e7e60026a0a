import { useEffect, useMemo, useRef, useState } from 'react';
import { emptyTabs, TabStore, type Tabs, withTab } from './tab-store.ts';

/** Session storage. A stub without content if the browser blocks it. */
const openSessionStorage = (): Pick<Storage, 'getItem' | 'setItem'> => {
  try {
    return window.sessionStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined };
  }
};

export const newTabKey = (): string => crypto.getRandomValues(new Uint32Array(2)).join('-');

/** The tabs of this machine in this browser tab, initially at least one. `wanted`: a session to show. */
export const useTabs = (
  agentId: string,
  wanted: string | undefined,
): [Tabs, (change: (tabs: Tabs) => Tabs) => void] => {
  const store = useMemo(() => new TabStore(openSessionStorage(), agentId), [agentId]);
  const opened = useRef<Tabs>(undefined);
  const [tabs, setTabs] = useState<Tabs>(() => {
    const kept = store.open();
    const some = kept.tabs.length > 0 && wanted === undefined ? kept : withTab(kept, newTabKey(), wanted);
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
  return [tabs, change];
};
