import type { ITheme } from '@xterm/xterm';
import { type RefObject, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useServer } from '../api/server-context.ts';
import type { Visit } from '../sharing/visit.ts';
import { LiveTerminal, type LiveTerminalHandlers } from './live-terminal.ts';
import type { Preferences } from './settings/preferences.ts';
import type { Tab } from './tab-store.ts';

interface Shown {
  readonly tab: Tab;
  /** The session belongs to another user, and this is a guest. */
  readonly visit: Visit | undefined;
  readonly preferences: Preferences;
  readonly theme: ITheme;
}

interface Handlers extends LiveTerminalHandlers {
  /** The terminal is there, or gone. */
  mounted(terminal: LiveTerminal | undefined): void;
}

/** The terminal of a tab in `element`, from the first rendering to the last. It calls the handlers of the latest rendering. */
export const useLiveTerminal = (
  element: RefObject<HTMLElement | null>,
  { tab, visit, preferences, theme }: Shown,
  handlers: Handlers,
): LiveTerminal | undefined => {
  const server = useServer();
  const [terminal, setTerminal] = useState<LiveTerminal>();
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });

  // Read once when the terminal is created. Later changes go through setOptions. The ids come from the terminal.
  const make = useEffectEvent((at: HTMLElement) => {
    const { agentId, sessionId, viewerId, linuxUser } = tab;
    const options = { guest: visit !== undefined, agentId, sessionId, viewerId, linuxUser, ...preferences, theme };
    return new LiveTerminal(at, visit ?? server, options, {
      state: (next) => latest.current.state(next),
      attached: (ids) => latest.current.attached(ids),
      latency: (ms) => latest.current.latency(ms),
      drives: (drives) => latest.current.drives(drives),
      recorded: (mode) => latest.current.recorded(mode),
      people: (all) => latest.current.people(all),
      mayNotType: () => latest.current.mayNotType(),
      lost: (words) => latest.current.lost(words),
      idle: (warning) => latest.current.idle(warning),
      inputRefused: () => latest.current.inputRefused(),
      typing: (text) => latest.current.typing(text),
      title: (title) => latest.current.title(title),
      bell: () => latest.current.bell(),
      notify: (request) => latest.current.notify(request),
      shortcut: (shortcut) => latest.current.shortcut(shortcut),
      linkShown: (address) => latest.current.linkShown(address),
      linkPicked: (address, atOnce) => latest.current.linkPicked(address, atOnce),
      clipboardWanted: (text) => latest.current.clipboardWanted(text),
      copyFailed: () => latest.current.copyFailed(),
      pasteAsked: (text) => latest.current.pasteAsked(text),
      newOutputBelow: (below) => latest.current.newOutputBelow(below),
      found: (found) => latest.current.found(found),
    });
  });
  useEffect(() => {
    if (element.current === null) return;
    const made = make(element.current);
    setTerminal(made);
    latest.current.mounted(made);
    return () => {
      latest.current.mounted(undefined);
      made.dispose();
    };
  }, [element]);
  useEffect(() => terminal?.setEncoding(tab.encoding ?? 'utf-8'), [terminal, tab.encoding]);
  useEffect(() => terminal?.screen.setOptions({ ...preferences, theme }), [terminal, preferences, theme]);
  useEffect(() => {
    // The browser closes the tab on Ctrl+W. A user who meant it for an editor or for the line is asked first.
    const ask = (event: BeforeUnloadEvent): void => {
      if (terminal?.asksBeforeLeaving === true) event.preventDefault();
    };
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [terminal]);
  return terminal;
};
