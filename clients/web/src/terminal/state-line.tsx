import { Button } from '@mantine/core';
import type { TerminalState } from '@webxterm/terminal-client';
import { useEffect, useState } from 'react';
import { endSentence } from './sentences.ts';
import classes from './state-line.module.css';

/** Below the screen: how things stand between it and its shell. */
export const StateLine = (props: {
  machineName: string;
  state: TerminalState;
  latency: number | undefined;
  onNewShell: () => void;
}) => {
  const { state, latency } = props;
  const waitSeconds = useCountdown(state);
  const over = state.state === 'ended' || state.state === 'refused';
  return (
    <footer className={classes.line} data-state={state.state}>
      <i className={classes.dot} aria-hidden="true" />
      <span className={classes.words} role="status" data-testid="terminal-state">
        {sentenceOf(state)}
      </span>
      {/* Counts outside of the live region: a screen reader must not read every second aloud. */}
      {waitSeconds !== undefined && waitSeconds > 0 && (
        <span className={classes.quiet}>next try in {waitSeconds} s</span>
      )}
      {over && (
        <Button size="compact-sm" onClick={props.onNewShell} autoFocus={state.state === 'ended'}>
          New shell
        </Button>
      )}
      {state.state === 'live' && latency !== undefined && (
        <span className={classes.latency} title="Time from here to the machine and back">
          <span className="wx-unseen">Round trip </span>
          {latency < 10 ? latency.toFixed(1) : Math.round(latency)} ms
        </span>
      )}
    </footer>
  );
};

const sentenceOf = (state: TerminalState): string => {
  switch (state.state) {
    case 'connecting':
      return 'Connecting…';
    case 'live':
      return 'Connected';
    case 'reconnecting':
      return 'Reconnecting. Your shell goes on, and what you type is kept.';
    case 'unreachable':
      return 'Machine unreachable, waiting. Your shell comes back with it.';
    case 'ended': {
      const sentence = endSentence(state);
      return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
    }
    case 'refused':
      return state.message;
  }
};

const tickMs = 250;

const useCountdown = (state: TerminalState): number | undefined => {
  const [left, setLeft] = useState<number>();
  useEffect(() => {
    if (state.state !== 'reconnecting' && state.state !== 'unreachable') {
      setLeft(undefined);
      return;
    }
    const until = performance.now() + state.retryInMs;
    const tick = (): void => setLeft(Math.max(0, Math.ceil((until - performance.now()) / 1000)));
    tick();
    const timer = setInterval(tick, tickMs);
    return () => clearInterval(timer);
  }, [state]);
  return left;
};
