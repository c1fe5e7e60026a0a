import '@xterm/xterm/css/xterm.css';
import '@mantine/notifications/styles.layer.css';
import { Notifications, notifications } from '@mantine/notifications';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { TerminalState } from '@webxterm/terminal-client';
import { useEffect, useState } from 'react';
import { Mark } from '../brand/mark.tsx';
import { usePageTitle } from '../brand/page-title.ts';
import { ColorSchemeToggle } from '../layout/app-layout.tsx';
import { useMachine } from '../machines/machine-queries.ts';
import { Status } from '../machines/status.tsx';
import { openLocalStorage } from '../sign-in/browser-half.ts';
import { CloseDialog } from './close-dialog.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import { NoShells } from './no-shells.tsx';
import { fontSizeStep, fontSizes, type Preferences, readPreferences, writePreferences } from './preferences.ts';
import type { Shortcut } from './shortcuts.ts';
import { TabBar, tabName } from './tab-bar.tsx';
import { activeMoved, withChange, withName, withNewShell, withoutTab, withSessionAgain, withTab } from './tab-store.ts';
import { TerminalMenu } from './terminal-menu.tsx';
import classes from './terminal-page.module.css';
import { TerminalPane } from './terminal-pane.tsx';
import { newTabKey, useTabs } from './use-tabs.ts';

const route = getRouteApi('/signed-in/terminal/$agentId');

/** `/terminal/:agent_id`. Each machine has its own page and tabs. */
export const TerminalPage = () => {
  const { agentId } = route.useParams();
  return <Terminals key={agentId} agentId={agentId} />;
};

const Terminals = ({ agentId }: { agentId: string }) => {
  const machine = useMachine(agentId);
  const name = machine.data?.name ?? (machine.isError ? 'Unknown machine' : '');
  const tabs = useMachineTabs(agentId);
  const [preferences, setPreferences] = usePreferences();
  const [searching, setSearching] = useState(false);
  const [showingKeys, setShowingKeys] = useState(false);
  const [closing, setClosing] = useState<string>();
  const { signs } = tabs;
  const at = tabs.all.tabs.findIndex((tab) => tab.key === tabs.all.active);
  const front = tabs.all.tabs[at];
  usePageTitle(front === undefined ? '' : tabName(front, at), name);

  const close = (key: string): void => {
    if (signs.over.has(key)) tabs.close(key);
    else setClosing(key);
  };
  const zoom = (steps: number): void =>
    setPreferences({
      ...preferences,
      fontSize: steps === 0 ? fontSizes.usual : fontSizeStep(preferences.fontSize, steps),
    });
  /** Moves the focus to the terminal. A dialog that is closed before it got the focus restores none. */
  const toTerminal = (): void =>
    document.querySelector<HTMLElement>(`#pane-${CSS.escape(tabs.all.active)} textarea`)?.focus();
  const actions: Partial<Record<Shortcut, () => void>> = {
    find: () => setSearching(true),
    'zoom-in': () => zoom(1),
    'zoom-out': () => zoom(-1),
    'zoom-reset': () => zoom(0),
    'new-tab': tabs.add,
    'next-tab': () => tabs.move(1),
    'previous-tab': () => tabs.move(-1),
    'to-tabs': () => document.getElementById(`tab-${tabs.all.active}`)?.focus(),
    keys: () => setShowingKeys(true),
  };

  return (
    <div className={classes.page}>
      <Notifications position="top-center" autoClose={5000} limit={2} />
      <header className={classes.header}>
        <Link to="/" className={classes.home} aria-label="WebXTerm, home">
          <Mark size={26} />
        </Link>
        <Link to="/machines/$agentId" params={{ agentId }} className={classes.machine} title={`About ${name}`}>
          <span className={classes.machineName}>{name === '' ? '…' : name}</span>
          {machine.data !== undefined && <Status status={machine.data.status} />}
        </Link>
        <TabBar
          tabs={tabs.all}
          signs={signs}
          onPick={tabs.pick}
          onNew={tabs.add}
          onClose={close}
          onRename={tabs.rename}
        />
        <TerminalMenu
          preferences={preferences}
          onChange={setPreferences}
          encoding={front?.encoding ?? 'utf-8'}
          onEncoding={(encoding) => tabs.change(tabs.all.active, { encoding })}
          onSearch={() => setSearching(true)}
          onKeys={() => setShowingKeys(true)}
        />
        <ColorSchemeToggle />
      </header>
      <main className={classes.panes}>
        {tabs.all.tabs.map((tab) => (
          <TerminalPane
            key={tab.key}
            agentId={agentId}
            machineName={name}
            tab={tab}
            front={tab.key === tabs.all.active}
            preferences={preferences}
            searching={searching}
            onSearchEnd={() => setSearching(false)}
            handlers={{
              attached: (ids) => tabs.change(tab.key, ids),
              title: (title) => tabs.change(tab.key, { title }),
              bell: () => tabs.rang(tab.key),
              state: (state) => tabs.stateChanged(tab.key, state),
              shortcut: (shortcut) => actions[shortcut]?.(),
              newShell: () => tabs.restart(tab.key),
              attachAgain: () => tabs.attachAgain(tab.key),
              say: (message) => void notifications.show({ message, color: 'yellow' }),
            }}
          />
        ))}
        {tabs.all.tabs.length === 0 && <NoShells machineName={name} onNew={tabs.add} />}
      </main>
      <KeysDialog opened={showingKeys} onClose={() => setShowingKeys(false)} onGone={toTerminal} />
      <CloseDialog
        tab={tabs.all.tabs.find((tab) => tab.key === closing)}
        onCancel={() => setClosing(undefined)}
        onGone={toTerminal}
        onClosed={() => {
          if (closing !== undefined) tabs.close(closing);
          setClosing(undefined);
        }}
      />
    </div>
  );
};

const without = (keys: ReadonlySet<string>, key: string): ReadonlySet<string> =>
  keys.has(key) ? new Set([...keys].filter((other) => other !== key)) : keys;
const withKey = (keys: ReadonlySet<string>, key: string): ReadonlySet<string> =>
  keys.has(key) ? keys : new Set([...keys, key]);

/** State of the tabs, and the actions on them. */
const useMachineTabs = (agentId: string) => {
  const { session } = route.useSearch();
  const navigate = useNavigate();
  const [all, changeAll] = useTabs(agentId, session);
  const [rang, setRang] = useState<ReadonlySet<string>>(new Set());
  const [over, setOver] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    // The session has a tab now. A reload must restore the tab instead of opening the session again.
    if (session !== undefined)
      void navigate({ to: '/terminal/$agentId', params: { agentId }, search: {}, replace: true });
  }, [agentId, session, navigate]);
  const { active } = all;
  useEffect(() => setRang((keys) => without(keys, active)), [active]);
  return {
    all,
    signs: { rang, over },
    pick: (key: string) => changeAll((tabs) => ({ ...tabs, active: key })),
    add: () => changeAll((tabs) => withTab(tabs, newTabKey())),
    move: (steps: number) => changeAll((tabs) => activeMoved(tabs, steps)),
    close: (key: string) => changeAll((tabs) => withoutTab(tabs, key)),
    rename: (key: string, name: string) => changeAll((tabs) => withName(tabs, key, name)),
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

const usePreferences = (): [Preferences, (preferences: Preferences) => void] => {
  const [preferences, setPreferences] = useState(() => readPreferences(openLocalStorage()));
  return [
    preferences,
    (next) => {
      setPreferences(next);
      writePreferences(openLocalStorage(), next);
    },
  ];
};
