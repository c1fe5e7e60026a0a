import '@xterm/xterm/css/xterm.css';
import '@mantine/notifications/styles.layer.css';
import { ActionIcon, Tooltip } from '@mantine/core';
import { Notifications, notifications } from '@mantine/notifications';
import { createSpotlight } from '@mantine/spotlight';
import { IconSearch, IconShare3 } from '@tabler/icons-react';
import { getRouteApi, Link } from '@tanstack/react-router';
import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import { useRef, useState } from 'react';
import { Mark } from '../brand/mark.tsx';
import { usePageTitle } from '../brand/page-title.ts';
import { copyText } from '../clipboard/clipboard.ts';
import { ColorSchemeToggle } from '../layout/app-layout.tsx';
import { saveFile } from '../layout/save-file.ts';
import { isChoice } from '../machines/linux-user-menu.tsx';
import { useMachine } from '../machines/machine-queries.ts';
import { Status } from '../machines/status.tsx';
import { type PageAction, Palette } from '../palette/palette.tsx';
import { ShareDialog } from '../sharing/share-dialog.tsx';
import { CloseDialog } from './close-dialog.tsx';
import type { CommandMarks } from './command-marks.ts';
import { DropSides } from './drop-sides.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import type { LiveTerminal } from './live-terminal.ts';
import { NoShells } from './no-shells.tsx';
import type { NotificationRequest } from './notification-request.ts';
import { isMac } from './platform.ts';
import { notifyUser } from './program-notifications.tsx';
import { fontSizes, stepped } from './settings/preferences.ts';
import { SettingsDrawer } from './settings/settings-drawer.tsx';
import { usePreferences } from './settings/use-preferences.ts';
import type { Shortcut } from './shortcuts.ts';
import { TabBar } from './tab-bar.tsx';
import { useTabLabels } from './tab-labels.ts';
import { maxPanes, shownTabs, type Tab } from './tab-store.ts';
import { copyLabels, copyOutputLabel, fullScreenLabel, TerminalMenu } from './terminal-menu.tsx';
import classes from './terminal-page.module.css';
import { TerminalPane } from './terminal-pane.tsx';
import type { TerminalScreen } from './terminal-screen.ts';
import { useFullScreen } from './use-full-screen.ts';
import { useWorkspace } from './use-workspace.ts';

const route = getRouteApi('/signed-in/terminal/$agentId');

const [palette, paletteActions] = createSpotlight();

/** `/terminal/:agent_id`: the tabs and panes of this browser tab, on any machines. The address names the machine of the active one. */
export const TerminalPage = () => {
  const { agentId } = route.useParams();
  const tabs = useWorkspace(agentId);
  const front = tabs.all.tabs.find((tab) => tab.key === tabs.all.active);
  const machine = useMachine(front?.agentId ?? agentId);
  const name = machine.data?.name ?? (machine.isError ? 'Unknown machine' : '');
  const users = machine.data?.my_linux_users ?? [];
  const labels = useTabLabels(tabs.all);
  const settings = usePreferences();
  const { preferences } = settings;
  const fullScreen = useFullScreen();
  const [searching, setSearching] = useState(false);
  const [showingKeys, setShowingKeys] = useState(false);
  const [showingSettings, setShowingSettings] = useState(false);
  const [sharing, setSharing] = useState<string>();
  const terminals = useRef(new Map<string, LiveTerminal>());
  const [dragged, setDragged] = useState<string>();
  const [closing, setClosing] = useState<string>();
  const [closingProgram, setClosingProgram] = useState<string>();
  const { signs } = tabs;
  const shown = shownTabs(tabs.all);
  usePageTitle(front === undefined ? '' : labels.short(front), name);

  const close = (key: string): void => {
    if (signs.over.has(key)) {
      tabs.close(key);
      return;
    }
    setClosingProgram(terminals.current.get(key)?.program);
    setClosing(key);
  };
  const notify = (tab: Tab, request: NotificationRequest): void =>
    notifyUser(
      preferences.notifications,
      { key: tab.key, label: labels.withMachine(tab), shown: shown.includes(tab) },
      request,
      () => tabs.pick(tab.key),
    );
  /** A tab with a bell is marked. Only a user who looks at another window needs more. */
  const ring = (tab: Tab): void => {
    tabs.rang(tab.key);
    if (preferences.notifications === 'system' && !document.hasFocus())
      notify(tab, { title: '', body: 'The bell rang.' });
  };
  const zoom = (steps: number): void =>
    settings.change({
      ...preferences,
      fontSize: steps === 0 ? fontSizes.usual : stepped(preferences.fontSize, steps, fontSizes),
    });
  /** Moves the focus to the terminal. A dialog that is closed before it got the focus restores none. */
  const toTerminal = (): void =>
    document.querySelector<HTMLElement>(`#pane-${CSS.escape(tabs.all.active)} textarea`)?.focus();
  const frontScreen = (): TerminalScreen | undefined => terminals.current.get(tabs.all.active)?.screen;
  const clear = (): void => frontScreen()?.clear();
  const say = (message: string): void => void notifications.show({ message, color: 'yellow' });
  const commands = (): CommandMarks | undefined => {
    const marks = frontScreen()?.commands;
    if (marks?.marked !== false) return marks;
    say('This shell does not mark its commands. The command "vsay-agent shell-integration" prints what it needs.');
    return undefined;
  };
  const copyOutput = (): void => {
    const marks = commands();
    const text = marks?.lastOutput ?? '';
    if (marks === undefined) return;
    if (text.trim() === '') say('The last command has no output, or it has left the scrollback.');
    else void copyText(text).then((copied) => say(copied ? copiedLines(text) : 'The browser did not allow copying.'));
  };
  const save = (): void => {
    const text = frontScreen()?.text;
    if (text !== undefined) saveFile(new Blob([text], { type: 'text/plain' }), outputFileName(name, new Date()));
  };
  const actions: Partial<Record<Shortcut, () => void>> = {
    find: () => setSearching(true),
    'zoom-in': () => zoom(1),
    'zoom-out': () => zoom(-1),
    'zoom-reset': () => zoom(0),
    'new-tab': () => tabs.add(),
    'next-tab': () => tabs.move(1),
    'previous-tab': () => tabs.move(-1),
    'to-tabs': () => document.getElementById(`tab-${tabs.all.active}`)?.focus(),
    split: tabs.split,
    'previous-prompt': () => commands()?.jump('previous'),
    'next-prompt': () => commands()?.jump('next'),
    palette: () => paletteActions.open(),
    keys: () => setShowingKeys(true),
  };
  const pageActions: readonly PageAction[] = [
    { label: 'New shell', keys: keysOf('Enter'), run: () => tabs.add() },
    ...users
      .filter((user) => isChoice(users) && user !== anyLinuxUser)
      .map((user) => ({ label: `New shell as ${user}`, run: () => tabs.add(user) })),
    { label: 'Split: another shell beside this one', keys: keysOf('D'), run: tabs.split },
    ...(shown.length > 1 ? [{ label: 'Show this terminal alone', run: tabs.unsplit }] : []),
    ...tabs.all.tabs
      .filter((tab) => shown.length < maxPanes && !shown.includes(tab))
      .map((tab) => ({ label: `Show beside: ${labels.long(tab)}`, run: () => tabs.beside(tab.key) })),
    ...(front?.sessionId === undefined
      ? []
      : [{ label: 'Share this terminal', run: () => setSharing(front.sessionId) }]),
    { label: 'Find in the output', keys: keysOf('F'), run: () => setSearching(true) },
    { label: 'Previous prompt', keys: keysOf('Z'), run: () => commands()?.jump('previous') },
    { label: 'Next prompt', keys: keysOf('X'), run: () => commands()?.jump('next') },
    { label: copyOutputLabel, run: copyOutput },
    { label: 'Save the output as text', run: save },
    ...copyLabels.map(([as, label]) => ({ label, run: () => frontScreen()?.copy(as) })),
    { label: 'Clear the scrollback', run: clear },
    ...(fullScreen.toggle === undefined ? [] : [{ label: fullScreenLabel(fullScreen.isFull), run: fullScreen.toggle }]),
    { label: 'Terminal settings', run: () => setShowingSettings(true) },
    { label: 'Keyboard shortcuts', keys: keysOf('?'), run: () => setShowingKeys(true) },
  ];

  return (
    <div className={classes.page}>
      <Notifications position="top-center" autoClose={5000} limit={2} />
      <Palette store={palette} actions={pageActions} onClosed={toTerminal} />
      <header className={classes.header}>
        <Link to="/" className={classes.home} aria-label="WebXTerm, home">
          <Mark size={26} />
        </Link>
        <Link
          to="/machines/$agentId"
          params={{ agentId: front?.agentId ?? agentId }}
          className={classes.machine}
          title={`About ${name}`}
        >
          <span className={classes.machineName}>{name === '' ? '…' : name}</span>
          {machine.data !== undefined && <Status status={machine.data.status} />}
        </Link>
        <TabBar
          tabs={tabs.all}
          labels={labels}
          signs={signs}
          onPick={tabs.pick}
          users={users}
          onNew={tabs.add}
          onSplit={tabs.split}
          onClose={close}
          onRename={tabs.rename}
          dragged={dragged}
          onDrag={setDragged}
          onMove={tabs.moveTab}
          onShift={tabs.shift}
        />
        <Tooltip label="Share this terminal">
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="Share this terminal"
            disabled={front?.sessionId === undefined || signs.over.has(front.key)}
            onClick={() => setSharing(front?.sessionId)}
          >
            <IconShare3 size={19} stroke={1.8} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={`Search terminals and machines (${keysOf('K')})`}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="Search terminals and machines"
            onClick={() => paletteActions.open()}
          >
            <IconSearch size={19} stroke={1.8} />
          </ActionIcon>
        </Tooltip>
        <TerminalMenu
          onSearch={() => setSearching(true)}
          onCopyOutput={copyOutput}
          onClear={clear}
          onSave={save}
          onCopy={(as) => frontScreen()?.copy(as)}
          onSettings={() => setShowingSettings(true)}
          onKeys={() => setShowingKeys(true)}
          onFullScreen={fullScreen.toggle}
          isFull={fullScreen.isFull}
          filesAddress={`/machines/${front?.agentId ?? agentId}/files`}
        />
        <ColorSchemeToggle />
      </header>
      <main className={classes.panes} data-panes={shown.length}>
        <h1 className="wx-unseen">{`Terminal on ${name}`}</h1>
        {tabs.all.tabs.map((tab) => (
          <TerminalPane
            key={tab.key}
            tab={tab}
            label={labels.short(tab)}
            shown={shown.includes(tab)}
            active={tab.key === tabs.all.active}
            preferences={preferences}
            searching={searching}
            onSearchEnd={() => setSearching(false)}
            handlers={{
              attached: (ids) => tabs.attached(tab, ids),
              title: (title) => tabs.change(tab.key, { title }),
              bell: () => ring(tab),
              notify: (request) => notify(tab, request),
              state: (state) => tabs.stateChanged(tab.key, state),
              shortcut: (shortcut) => actions[shortcut]?.(),
              newShell: () => tabs.restart(tab.key),
              attachAgain: () => tabs.attachAgain(tab.key),
              activate: () => tabs.pick(tab.key),
              neverAskBeforePaste: () => settings.change({ ...preferences, pasteQuestion: 'never' }),
              mounted: (terminal) =>
                terminal === undefined ? terminals.current.delete(tab.key) : terminals.current.set(tab.key, terminal),
              say,
            }}
          />
        ))}
        {dragged !== undefined && dragged !== tabs.all.active && (
          <DropSides
            onDrop={(side) => {
              tabs.drop(dragged, side);
              setDragged(undefined);
            }}
          />
        )}
        {tabs.all.tabs.length === 0 && <NoShells machineName={name} onNew={() => tabs.add()} />}
      </main>
      <SettingsDrawer
        opened={showingSettings}
        settings={settings}
        encoding={front?.encoding ?? 'utf-8'}
        onEncoding={(encoding) => tabs.change(tabs.all.active, { encoding })}
        onClose={() => setShowingSettings(false)}
        onGone={toTerminal}
      />
      <KeysDialog
        hasAllKeys={fullScreen.hasAllKeys}
        opened={showingKeys}
        onClose={() => setShowingKeys(false)}
        onGone={toTerminal}
      />
      <ShareDialog sessionId={sharing} onClose={() => setSharing(undefined)} onGone={toTerminal} />
      <CloseDialog
        tab={tabs.all.tabs.find((tab) => tab.key === closing)}
        program={closingProgram}
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

const keysOf = (key: string): string => `${isMac() ? 'Cmd' : 'Ctrl'}+Shift+${key}`;

const copiedLines = (text: string): string => {
  const lines = text.trimEnd().split('\n').length;
  return `${lines} ${lines === 1 ? 'line' : 'lines'} copied.`;
};

/** Such as `web-1 2026-11-30 14.05.txt`. The name of a machine may have any printable character. */
const outputFileName = (machine: string, at: Date): string => {
  const time = at.toISOString().slice(0, 16).replace('T', ' ').replace(':', '.');
  return `${machine.replaceAll(/[^\p{L}\p{N} ._-]/gu, '_')} ${time}.txt`;
};
