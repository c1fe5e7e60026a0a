import { Button, Group } from '@mantine/core';
import { useState } from 'react';

interface AskingButtonProps {
  readonly text: string;
  /** The name of the button, with the thing that it is about. */
  readonly label: string;
  /** The text of the button that confirms. */
  readonly confirm: string;
  readonly pending: boolean;
  readonly onConfirm: () => void;
}

/** Keeps the focus of the keyboard when one button takes the place of another. */
const focus = (button: HTMLButtonElement | null): void => button?.focus();

/** A small button of a row that asks before it takes something away. */
export const AskingButton = ({ text, label, confirm, pending, onConfirm }: AskingButtonProps) => {
  const [state, setState] = useState<'idle' | 'asking' | 'kept'>('idle');
  if (state !== 'asking')
    return (
      <Button
        ref={state === 'kept' ? focus : null}
        flex="none"
        size="xs"
        variant="default"
        onClick={() => setState('asking')}
        aria-label={label}
      >
        {text}
      </Button>
    );
  return (
    <Group gap="xs" wrap="nowrap">
      <Button ref={focus} size="xs" variant="default" onClick={() => setState('kept')}>
        Keep
      </Button>
      <Button size="xs" color="red" loading={pending} onClick={onConfirm}>
        {confirm}
      </Button>
    </Group>
  );
};
