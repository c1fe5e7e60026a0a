import { Button, CloseButton } from '@mantine/core';
import type { RecordingMode } from '@webxterm/contracts/frames';
import type { TerminalState } from '@webxterm/terminal-client';
import { useEffect, useState } from 'react';
import type { Attached } from '../sharing/people.ts';
import { type PeopleActions, PeopleLine } from '../sharing/people-line.tsx';
import { StateActions, type StateHandlers } from './state-actions.tsx';
import classes from './state-line.module.css';
import type { StateWords } from './state-words.ts';

/** The line below the screen with the state of the connection to the shell. */
export const StateLine = (
  props: PeopleActions &
    StateHandlers & {
      words: StateWords;
      /** A screen is above the line. Otherwise the sentence and the actions are there. */
      hasScreen: boolean;
      /** The owner of the session, if this is a guest. */
      guestOf: string | undefined;
      /** The users who are attached. Empty: only this user. */
      people: readonly Attached[];
      state: TerminalState;
      latency: number | undefined;
      /** This viewer is the driver: its window size is used. */
      drives: boolean;
      /** Whether the session is recorded. */
      recorded: RecordingMode;
      /** Describes output that is lost. */
      lost: string | undefined;
      onLostSeen: () => void;
      onRetryNow: () => void;
      /** Makes this viewer the driver. */
      onDrive: () => void;
    },
) => {
  const { state, words, latency, lost } = props;
  const waitSeconds = useCountdown(state);
  return (
    <footer className={classes.line} data-state={state.state}>
      <i className={classes.dot} aria-hidden="true" />
      <span className={classes.words} role="status" {...(props.hasScreen && { 'data-testid': 'terminal-state' })}>
        {props.hasScreen ? words.sentence : 'No terminal'}
      </span>
      {/* The countdown is outside of the live region, so a screen reader does not read every second aloud. */}
      {waitSeconds !== undefined && waitSeconds > 0 && (
        <span className={classes.quiet}>next try in {waitSeconds} s</span>
      )}
      {props.recorded !== 'off' && (
        <span className={classes.recorded} title={recordedTitles[props.recorded]} data-testid="terminal-recorded">
          <i className={classes.record} aria-hidden="true" />
          Recorded
        </span>
      )}
      {state.state === 'live' && props.people.length > 1 && (
        <div className={classes.people}>
          <PeopleLine people={props.people} onGive={props.onGive} onAsk={props.onAsk} />
        </div>
      )}
      {state.state === 'live' && !props.drives && props.guestOf === undefined && (
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
      {state.state === 'reconnecting' && waitSeconds !== undefined && waitSeconds > 0 && (
        <Button size="compact-sm" variant="light" onClick={props.onRetryNow}>
          Retry now
        </Button>
      )}
      {props.hasScreen && (
        <StateActions
          words={words}
          size="compact-sm"
          autoFocus={state.state === 'ended'}
          onAttachAgain={props.onAttachAgain}
          onNewShell={props.onNewShell}
        />
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

const recordedTitles: Readonly<Record<Exclude<RecordingMode, 'off'>, string>> = {
  on: 'The output of this terminal is stored on the server. Keys that are not echoed, such as a password, are not.',
  required:
    'The output of this terminal is stored on the server, and the shell waits while it cannot be. Keys that are not echoed, such as a password, are not stored.',
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
