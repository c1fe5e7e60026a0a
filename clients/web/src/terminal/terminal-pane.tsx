import { useComputedColorScheme } from '@mantine/core';
import { useDocumentVisibility } from '@mantine/hooks';
import type { TerminalState } from '@webxterm/terminal-client';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useServer } from '../api/server-context.tsx';
import { copyText } from '../clipboard/copy-text.ts';
import { readClipboard } from '../clipboard/read-clipboard.ts';
import { useMachine } from '../machines/machine-queries.ts';
import { ClipboardQuestion } from './clipboard-question.tsx';
import { KeyRow } from './key-row.tsx';
import { LinkBar } from './link-bar.tsx';
import { openLink } from './links.ts';
import { LiveTerminal } from './live-terminal.ts';
import { palettes } from './palettes.ts';
import type { Preferences } from './preferences.ts';
import { SearchBar } from './search-bar.tsx';
import type { Shortcut } from './shortcuts.ts';
import { StateLine } from './state-line.tsx';
import { useStickyKeys } from './sticky-keys.ts';
import type { Tab } from './tab-store.ts';
import classes from './terminal-pane.module.css';

export interface PaneHandlers {
  attached(ids: { sessionId: string; viewerId: string }): void;
  title(title: string): void;
  bell(): void;
  state(state: TerminalState): void;
  shortcut(shortcut: Shortcut): void;
  newShell(): void;
  /** Attaches again: to the tab's session if it has one, otherwise to a new one. */
  attachAgain(): void;
  /** The user works in this pane. */
  activate(): void;
  say(text: string): void;
}

interface Shown {
  readonly address: string;
  /** True: clicked, stays until dismissed. False: the pointer is over it. */
  readonly picked: boolean;
}

/** One terminal with its state line. All tabs stay mounted. */
export const TerminalPane = (props: {
  tab: Tab;
  label: string;
  /** It is visible. */
  shown: boolean;
  /** It has the keys. */
  active: boolean;
  preferences: Preferences;
  searching: boolean;
  onSearchEnd: () => void;
  handlers: PaneHandlers;
}) => {
  const { tab, shown, active, preferences, handlers } = props;
  const { agentId } = tab;
  const server = useServer();
  const machine = useMachine(agentId);
  const element = useRef<HTMLDivElement>(null);
  const [terminal, setTerminal] = useState<LiveTerminal>();
  const [state, setState] = useState<TerminalState>({ state: 'connecting' });
  const [latency, setLatency] = useState<number>();
  const [drives, setDrives] = useState(true);
  const [lost, setLost] = useState<string>();
  const [link, setLink] = useState<Shown>();
  const [wanted, setWanted] = useState<string>();
  const [matches, setMatches] = useState<{ index: number; count: number }>();
  const clipboardAllowed = useRef<boolean>(undefined);
  const sticky = useStickyKeys();
  const scheme = useComputedColorScheme('light');
  const pageVisible = useDocumentVisibility() === 'visible';

  const on = {
    ...handlers,
    state: (next: TerminalState) => {
      setState(next);
      handlers.state(next);
    },
    latency: setLatency,
    drives: setDrives,
    lost: setLost,
    typing: sticky.applyTo,
    inputRefused: () => handlers.say('Too much is waiting to be sent: the last input was dropped.'),
    copyFailed: () => handlers.say('The browser did not allow copying.'),
    linkShown: (address: string | undefined) =>
      setLink((now) => (now?.picked === true ? now : address === undefined ? undefined : { address, picked: false })),
    linkPicked: (address: string, atOnce: boolean) => (atOnce ? openLink(address) : setLink({ address, picked: true })),
    clipboardWanted: (text: string) => {
      if (clipboardAllowed.current === undefined) setWanted(text);
      else if (clipboardAllowed.current) void copyText(text);
    },
    found: setMatches,
  };
  const latest = useRef(on);
  useEffect(() => {
    latest.current = on;
  });

  // Read once when the terminal is created. Later changes go through setOptions. The ids come from the terminal.
  const make = useEffectEvent((at: HTMLElement) => {
    return new LiveTerminal(
      at,
      server,
      { agentId, sessionId: tab.sessionId, viewerId: tab.viewerId, ...preferences, theme: palettes[scheme] },
      {
        state: (next) => latest.current.state(next),
        attached: (ids) => latest.current.attached(ids),
        latency: (ms) => latest.current.latency(ms),
        drives: (drives) => latest.current.drives(drives),
        lost: (words) => latest.current.lost(words),
        inputRefused: () => latest.current.inputRefused(),
        typing: (text) => latest.current.typing(text),
        title: (title) => latest.current.title(title),
        bell: () => latest.current.bell(),
        shortcut: (shortcut) => latest.current.shortcut(shortcut),
        linkShown: (address) => latest.current.linkShown(address),
        linkPicked: (address, atOnce) => latest.current.linkPicked(address, atOnce),
        clipboardWanted: (text) => latest.current.clipboardWanted(text),
        copyFailed: () => latest.current.copyFailed(),
        found: (found) => latest.current.found(found),
      },
    );
  });
  useEffect(() => {
    if (element.current === null) return;
    const made = make(element.current);
    setTerminal(made);
    return () => made.dispose();
  }, []);
  useEffect(() => terminal?.setEncoding(tab.encoding ?? 'utf-8'), [terminal, tab.encoding]);
  useEffect(() => {
    // The browser closes the tab on Ctrl+W. A user who meant it for an editor or for the line is asked first.
    const ask = (event: BeforeUnloadEvent): void => {
      if (terminal?.busy === true) event.preventDefault();
    };
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [terminal]);
  useEffect(() => terminal?.setShown(shown, pageVisible), [terminal, shown, pageVisible]);
  useEffect(() => {
    if (active) terminal?.screen.focus();
  }, [terminal, active]);
  useEffect(
    () => terminal?.screen.setOptions({ ...preferences, theme: palettes[scheme] }),
    [terminal, preferences, scheme],
  );

  return (
    <div
      className={classes.pane}
      data-shown={shown}
      data-active={active}
      id={`pane-${tab.key}`}
      role="tabpanel"
      aria-label={props.label}
      inert={!shown}
      onPointerDown={handlers.activate}
      onFocus={handlers.activate}
    >
      {active && props.searching && (
        <SearchBar
          matches={matches}
          onFind={(text, direction, options) => terminal?.screen.find(text, direction, options)}
          onClose={() => {
            terminal?.screen.endSearch();
            terminal?.screen.focus();
            props.onSearchEnd();
          }}
        />
      )}
      <div
        className={classes.frame}
        data-drives={drives}
        data-waiting={state.state === 'reconnecting' || state.state === 'unreachable'}
      >
        <div
          className={classes.screen}
          data-testid={active ? 'terminal' : shown ? 'terminal-beside' : 'terminal-behind'}
          ref={element}
        />
      </div>
      {wanted !== undefined && (
        <ClipboardQuestion
          onAnswer={(allowed) => {
            clipboardAllowed.current = allowed;
            if (allowed) void copyText(wanted);
            setWanted(undefined);
            terminal?.screen.focus();
          }}
        />
      )}
      {link !== undefined && (
        <LinkBar
          address={link.address}
          picked={link.picked}
          onClose={() => {
            setLink(undefined);
            terminal?.screen.focus();
          }}
        />
      )}
      <KeyRow
        sticky={sticky}
        applicationCursorKeys={() => terminal?.screen.applicationCursorKeys ?? false}
        onPress={(sequence) => terminal?.screen.press(sequence)}
        onPaste={() => {
          readClipboard().then(
            (text) => terminal?.screen.paste(text),
            () =>
              handlers.say('The browser did not allow reading the clipboard. Hold a finger on the terminal to paste.'),
          );
        }}
      />
      <StateLine
        machine={machine.data}
        hadShell={tab.sessionId !== undefined}
        state={state}
        latency={latency}
        drives={drives}
        lost={lost}
        onLostSeen={() => setLost(undefined)}
        onNewShell={handlers.newShell}
        onAttachAgain={handlers.attachAgain}
        onRetryNow={() => terminal?.retryNow()}
        onDrive={() => {
          terminal?.drive();
          terminal?.screen.focus();
        }}
      />
    </div>
  );
};
