import { Button, Group, Text } from '@mantine/core';
import classes from './clipboard-question.module.css';

/** Asked once per session. The answer is valid until this tab closes. */
export const ClipboardQuestion = ({ onAnswer }: { onAnswer: (allowed: boolean) => void }) => (
  <div className={classes.question} role="alertdialog" aria-label="Clipboard">
    <Text size="sm">A program in this shell wants to put text on your clipboard. Allow it in this tab?</Text>
    <Group gap="xs" wrap="nowrap">
      <Button size="xs" variant="default" onClick={() => onAnswer(false)}>
        Block
      </Button>
      <Button size="xs" onClick={() => onAnswer(true)}>
        Allow
      </Button>
    </Group>
  </div>
);
