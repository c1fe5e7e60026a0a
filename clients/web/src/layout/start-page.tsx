import { Stack } from '@mantine/core';
import { useEffect } from 'react';
import { Mark } from '../brand/mark.tsx';
import { Failure } from './failure.tsx';
import classes from './opening.module.css';

const retryMs = 3_000;

/** Shows the logo between page load and the first page. If the server is unreachable, it says so and keeps retrying. */
export const StartPage = ({ error, onRetry }: { error?: unknown; onRetry?: () => void }) => {
  useEffect(() => {
    if (onRetry === undefined) return;
    const timer = setInterval(onRetry, retryMs);
    return () => clearInterval(timer);
  }, [onRetry]);
  return (
    <main className={classes.opening} aria-busy={error === undefined}>
      <Stack align="center" gap="lg">
        <span className={error === undefined ? classes.mark : undefined}>
          <Mark size={52} />
        </span>
        {error !== undefined && onRetry !== undefined && (
          <Failure title="WebXTerm cannot be reached" error={error} onRetry={onRetry} />
        )}
      </Stack>
    </main>
  );
};
