import { Button, Group } from '@mantine/core';
import { IconMoodSad } from '@tabler/icons-react';
import { EmptyState } from './empty-state.tsx';

/** A page that failed to draw, or whose code could not be fetched (a new version was put up meanwhile). */
export const Crash = ({ error }: { error: unknown }) => (
  <div style={{ padding: '2rem' }} role="alert">
    <EmptyState
      icon={<IconMoodSad size={28} stroke={1.6} />}
      title="This page broke"
      text={error instanceof Error ? error.message : 'Something went wrong while drawing it.'}
    >
      <Group>
        <Button onClick={() => window.location.reload()}>Reload</Button>
        <Button variant="default" component="a" href="/">
          To my machines
        </Button>
      </Group>
    </EmptyState>
  </div>
);
