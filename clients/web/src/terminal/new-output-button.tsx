import { Button } from '@mantine/core';
import { IconArrowDown } from '@tabler/icons-react';
import classes from './new-output-button.module.css';

/** Shown while output has arrived below what is visible. */
export const NewOutputButton = ({ onPick }: { onPick: () => void }) => (
  <Button
    className={classes.button ?? ''}
    size="compact-sm"
    radius="xl"
    leftSection={<IconArrowDown size={14} />}
    onClick={onPick}
  >
    New output below
  </Button>
);
