import { Button, Group } from '@mantine/core';
import { IconMoodSad } from '@tabler/icons-react';
import { EmptyState } from './empty-state.tsx';

/** Shown if a page failed to render, or its code could not be loaded (after an upgrade of the server). */
export const Crash = ({ error }: { error: unknown }) => (
  <div style={{ padding: '2rem' }} role="alert">
    <EmptyState
      icon={<IconMoodSad size={28} stroke={1.6} />}
      title="This page stopped working"
      text={error instanceof Error ? error.message : 'An error occurred while it was shown. Reload it.'}
    >
      <Group>
        <Button onClick={() => window.location.reload()}>Reload</Button>
        <Button variant="default" component="a" href="/">
          Show my machines
        </Button>
      </Group>
    </EmptyState>
  </div>
);
