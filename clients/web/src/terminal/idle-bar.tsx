import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { plainDuration } from '../layout/format.ts';
import classes from './idle-bar.module.css';

export interface IdleWarning {
  /** ms on the clock of `performance.now`. */
  readonly endsAt: number;
  /** How long the session may be unused. */
  readonly limitSeconds: number;
}

/** Says that the session ends soon because nobody uses it. `onKeep`: undefined for a guest, who may not type. */
export const IdleBar = ({ warning, onKeep }: { warning: IdleWarning; onKeep: (() => void) | undefined }) => {
  const left = useSecondsUntil(warning.endsAt);
  return (
    <div className={classes.bar} data-testid="idle-warning">
      <span role="status">
        This shell was not used for almost {plainDuration(warning.limitSeconds)} and ends soon.
        {onKeep !== undefined && ' Press any key to keep it.'}
      </span>
      {/* Outside of the live region, so that a screen reader does not read every second aloud. */}
      <span className={classes.left}>
        Ends in {Math.floor(left / 60)}:{String(left % 60).padStart(2, '0')}
      </span>
      {onKeep !== undefined && (
        <Button size="compact-sm" variant="light" onClick={onKeep}>
          Keep it
        </Button>
      )}
    </div>
  );
};

const useSecondsUntil = (at: number): number => {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil((at - now) / 1000));
};
