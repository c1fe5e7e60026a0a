import { useComputedColorScheme } from '@mantine/core';
import { useDocumentVisibility } from '@mantine/hooks';
import type { RecordingMode } from '@webxterm/contracts/frames';
import type { TerminalState } from '@webxterm/terminal-client';
import { useEffect, useMemo, useRef, useState } from 'react';
import { copyText, readClipboard } from '../clipboard/clipboard.ts';
import { UploadList } from '../files/upload-list.tsx';
import { useMachine } from '../machines/machine-queries.ts';
import type { Attached } from '../sharing/people.ts';
import type { Visit } from '../sharing/visit.ts';
import { ClipboardQuestion } from './clipboard-question.tsx';
import { IdleBar, type IdleWarning } from './idle-bar.tsx';
import { KeyRow } from './key-row.tsx';
import { LinkBar } from './link-bar.tsx';
import { openLink } from './links.ts';
import type { LiveTerminal } from './live-terminal.ts';
import { NewOutputButton } from './new-output-button.tsx';
import { NoTerminal } from './no-terminal.tsx';
import type { NotificationRequest } from './notification-request.ts';
import { PasteQuestion } from './paste-question.tsx';
import { SearchBar } from './search-bar.tsx';
import { brightnessOf, themeFor } from './settings/color-schemes.ts';
import type { Preferences } from './settings/preferences.ts';
import type { Shortcut } from './shortcuts.ts';
import { StateLine } from './state-line.tsx';
import { wordsFor } from './state-words.ts';
import { useStickyKeys } from './sticky-keys.ts';
import type { Tab } from './tab-store.ts';
import classes from './terminal-pane.module.css';
import { useBell } from './use-bell.ts';
import { useFileDrop } from './use-file-drop.ts';
import { useLiveTerminal } from './use-live-terminal.ts';

export interface PaneHandlers {
  attached(ids: { sessionId: string; viewerId: string }): void;
  title(title: string): void;
  bell(): void;
  /** A program asks for a notification. */
  notify(request: NotificationRequest): void;
  state(state: TerminalState): void;
  shortcut(shortcut: Shortcut): void;
  newShell(): void;
  /** Attaches again: to the tab's session if it has one, otherwise to a new one. */
  attachAgain(): void;
  /** The user works in this pane. */
  activate(): void;
  say(text: string): void;
  /** The user wants to be asked no more before lines are pasted. */
  neverAskBeforePaste(): void;
  /** The terminal of this pane is there, or gone. */
  mounted(terminal: LiveTerminal | undefined): void;
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
  /** The session belongs to another user, and this is a guest. Undefined: an own one. */
  visit?: Visit;
  searching: boolean;
  onSearchEnd: () => void;
  handlers: PaneHandlers;
}) => {
  const { tab, shown, active, preferences, handlers, visit } = props;
  const { agentId } = tab;
  const machine = useMachine(agentId, visit === undefined);
  const element = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<TerminalState>({ state: 'connecting' });
  const [wasLive, setWasLive] = useState(false);
  const [latency, setLatency] = useState<number>();
  const [drives, setDrives] = useState(true);
  const [recorded, setRecorded] = useState<RecordingMode>('off');
  const [people, setPeople] = useState<readonly Attached[]>([]);
  const [lost, setLost] = useState<string>();
  const [link, setLink] = useState<Shown>();
  const [wanted, setWanted] = useState<string>();
  const [pasting, setPasting] = useState<string>();
  const [idle, setIdle] = useState<IdleWarning>();
  const [idleLimit, setIdleLimit] = useState<number>();
  const [newOutput, setNewOutput] = useState(false);
  const [matches, setMatches] = useState<{ index: number; count: number }>();
  const clipboardAllowed = useRef<boolean>(undefined);
  const sticky = useStickyKeys();
  const scheme = useComputedColorScheme('light');
  const theme = useMemo(() => themeFor(preferences, scheme), [preferences, scheme]);
  const pageVisible = useDocumentVisibility() === 'visible';
  const bell = useBell(preferences.bell);

  const on = {
    ...handlers,
    state: (next: TerminalState) => {
      setState(next);
      if (next.state === 'live') setWasLive(true);
      handlers.state(next);
    },
    bell: () => {
      bell.ring();
      handlers.bell();
    },
    latency: setLatency,
    drives: setDrives,
    recorded: setRecorded,
    people: setPeople,
    mayNotType: () =>
      handlers.say(visit === undefined ? '' : `This is the terminal of ${visit.owner}. You cannot type in it now.`),
    lost: setLost,
    idle: (warning: IdleWarning | undefined) => {
      setIdle(warning);
      if (warning !== undefined) setIdleLimit(warning.limitSeconds);
    },
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
    pasteAsked: setPasting,
    newOutputBelow: setNewOutput,
    found: setMatches,
  };
  const terminal = useLiveTerminal(element, { tab, visit, preferences, theme }, on);
  const drop = useFileDrop({
    tab,
    mayUpload: machine.data?.my_rights?.includes('files_write') === true,
    type: (text) => terminal?.screen.paste(text),
    say: handlers.say,
  });
  useEffect(() => terminal?.setShown(shown, pageVisible), [terminal, shown, pageVisible]);
  useEffect(() => {
    if (active) terminal?.screen.focus();
  }, [terminal, active]);

  const words = wordsFor(state, {
    machine: machine.data,
    hadShell: tab.sessionId !== undefined,
    guestOf: visit?.owner,
    idleLimit,
  });
  const ways = { onNewShell: handlers.newShell, onAttachAgain: handlers.attachAgain };
  const hasScreen = wasLive || state.state === 'connecting' || state.state === 'reconnecting';

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
          scheme={brightnessOf(theme)}
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
        data-flash={bell.flashing}
        data-dragging={drop.dragging}
        data-hint="Drop files to upload them into the directory of this shell"
        {...drop.handlers}
        style={{ background: theme.background }}
      >
        <div
          className={classes.screen}
          data-testid={active ? 'terminal' : shown ? 'terminal-beside' : 'terminal-behind'}
          ref={element}
        />
        {!hasScreen && <NoTerminal words={words} {...ways} />}
        <div className={classes.uploads}>
          <UploadList queue={drop.queue} />
        </div>
        {newOutput && (
          <NewOutputButton
            onPick={() => {
              terminal?.screen.scrollToEnd();
              terminal?.screen.focus();
            }}
          />
        )}
        {idle !== undefined && state.state === 'live' && (
          <IdleBar
            warning={idle}
            onKeep={
              visit === undefined
                ? () => {
                    // The size is that of this window then, as after a key.
                    terminal?.drive();
                    terminal?.screen.focus();
                  }
                : undefined
            }
          />
        )}
      </div>
      <PasteQuestion
        text={pasting}
        onPaste={(text) => {
          terminal?.screen.pasteAgreed(text);
          setPasting(undefined);
        }}
        onNeverAsk={handlers.neverAskBeforePaste}
        onCancel={() => setPasting(undefined)}
        onGone={() => terminal?.screen.focus()}
      />
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
        words={words}
        hasScreen={hasScreen}
        guestOf={visit?.owner}
        people={people}
        onGive={(number) => terminal?.giveTyping(number)}
        onAsk={(asks) => {
          terminal?.askToType(asks);
          terminal?.screen.focus();
        }}
        state={state}
        latency={latency}
        drives={drives}
        recorded={recorded}
        lost={lost}
        onLostSeen={() => setLost(undefined)}
        {...ways}
        onRetryNow={() => terminal?.retryNow()}
        onDrive={() => {
          terminal?.drive();
          terminal?.screen.focus();
        }}
      />
    </div>
  );
};
