import { Button, CloseButton } from '@mantine/core';
import { plainText } from '@webxterm/contracts/text';
import type { TerminalState } from '@webxterm/terminal-client';
import { useEffect, useState } from 'react';
import { endSentence } from './sentences.ts';
import classes from './state-line.module.css';

/** The line below the screen with the state of the connection to the shell. */
export const StateLine = (props: {
  state: TerminalState;
  latency: number | undefined;
  /** This viewer is the driver: its window size is used. */
  drives: boolean;
  /** Describes output that is lost. */
  lost: string | undefined;
  onLostSeen: () => void;
  onNewShell: () => void;
  onAttachAgain: () => void;
  /** Makes this viewer the driver. */
  onDrive: () => void;
}) => {
  const { state, latency, lost } = props;
  const again = state.state === 'refused' ? wordsForAgain(state.code) : undefined;
  const waitSeconds = useCountdown(state);
  const over = state.state === 'ended' || state.state === 'refused';
  return (
    <footer className={classes.line} data-state={state.state}>
      <i className={classes.dot} aria-hidden="true" />
      <span className={classes.words} role="status" data-testid="terminal-state">
        {sentenceOf(state)}
      </span>
      {/* The countdown is outside of the live region, so a screen reader does not read every second aloud. */}
      {waitSeconds !== undefined && waitSeconds > 0 && (
        <span className={classes.quiet}>next try in {waitSeconds} s</span>
      )}
      {state.state === 'live' && !props.drives && (
        <>
          <span className={classes.quiet}>Another window sets the size.</span>
          <Button size="compact-sm" variant="light" onClick={props.onDrive}>
            Use my size
          </Button>
        </>
      )}
      {lost !== undefined && (
        <span className={classes.lost} role="status" data-testid="terminal-gap">
          {lost}
          <CloseButton size="xs" aria-label="Dismiss" onClick={props.onLostSeen} />
        </span>
      )}
      {again !== undefined && (
        <Button size="compact-sm" onClick={props.onAttachAgain}>
          {again}
        </Button>
      )}
      {over && again === undefined && (
        <Button size="compact-sm" onClick={props.onNewShell} autoFocus={state.state === 'ended'}>
          New shell
        </Button>
      )}
      {latency !== undefined && (state.state === 'live' || state.state === 'reconnecting') && (
        <span
          className={classes.latency}
          data-level={state.state === 'live' ? latencyLevel(latency) : 'unknown'}
          title={state.state === 'live' ? 'Time from here to the machine and back' : 'The last one that was measured'}
        >
          <i className={classes.bars} aria-hidden="true" />
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
      return state.code === 'displaced'
        ? 'This shell was taken over in another window or tab.'
        : plainText(state.message, 300);
  }
};

/** Label of the button that attaches again, if that can help. Undefined: the button opens a new shell. */
const wordsForAgain = (code: string): string | undefined => {
  if (code === 'displaced') return 'Use it here';
  return code.startsWith('too_many_') ? 'Try again' : undefined;
};

/** Level of the round trip: immediate, slightly delayed, or slow. */
const latencyLevel = (ms: number): 'good' | 'fair' | 'slow' => {
  if (ms <= 50) return 'good';
  return ms <= 200 ? 'fair' : 'slow';
};

const tickMs = 250;
/** Shorter waits get no countdown, ms. */
const countedFromMs = 1000;

const useCountdown = (state: TerminalState): number | undefined => {
  const [left, setLeft] = useState<number>();
  useEffect(() => {
    const waits = state.state === 'reconnecting' || state.state === 'unreachable';
    if (!waits || state.retryInMs < countedFromMs) {
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
