import { Button, Group } from '@mantine/core';
import { IconTerminal2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../layout/empty-state.tsx';
import classes from './terminal-page.module.css';

/** Shown when all tabs are closed. */
export const NoShells = ({ machineName, onNew }: { machineName: string; onNew: () => void }) => (
  <div className={classes.none}>
    <EmptyState
      icon={<IconTerminal2 size={28} stroke={1.6} />}
      title="No shell is open here"
      text="Shells that you left running are under Sessions."
    >
      <Group justify="center">
        <Button onClick={onNew}>New shell{machineName === '' ? '' : ` on ${machineName}`}</Button>
        <Button component={Link} to="/sessions" variant="default">
          Sessions
        </Button>
      </Group>
    </EmptyState>
  </div>
);
