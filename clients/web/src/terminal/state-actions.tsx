import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { StateWords } from './state-words.ts';

export interface StateHandlers {
  readonly onAttachAgain: () => void;
  readonly onNewShell: () => void;
}

interface StateActionsProps extends StateHandlers {
  readonly words: StateWords;
  readonly size: 'compact-sm' | 'sm';
  /** The new shell has the focus, so that Enter opens it. */
  readonly autoFocus: boolean;
}

/** The ways on from the state of a terminal. */
export const StateActions = ({ words, size, autoFocus, onAttachAgain, onNewShell }: StateActionsProps) => (
  <>
    {words.again !== undefined && (
      <Button size={size} onClick={onAttachAgain}>
        {words.again}
      </Button>
    )}
    {words.newShell === true && (
      <Button size={size} onClick={onNewShell} autoFocus={autoFocus}>
        New shell
      </Button>
    )}
    {words.wayOn !== undefined && (
      <Button size={size} variant="light" component={Link} to={words.wayOn.to}>
        {words.wayOn.label}
      </Button>
    )}
  </>
);
