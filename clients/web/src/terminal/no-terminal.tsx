import { Group } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { EmptyState } from '../layout/empty-state.tsx';
import { StateActions, type StateHandlers } from './state-actions.tsx';
import type { StateWords } from './state-words.ts';
import classes from './terminal-pane.module.css';

/** Shown instead of an empty screen while a pane has no terminal yet, and gets none now. */
export const NoTerminal = ({ words, ...handlers }: StateHandlers & { words: StateWords }) => (
  <div className={classes.noTerminal} role="alert" data-testid="terminal-state">
    <EmptyState icon={<IconPlugConnectedX size={28} stroke={1.6} />} title={words.sentence}>
      <Group justify="center">
        <StateActions words={words} size="sm" autoFocus={false} {...handlers} />
      </Group>
    </EmptyState>
  </div>
);
