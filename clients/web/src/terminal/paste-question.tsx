import { Button, Checkbox, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { numberText } from '../layout/format.ts';
import { asOneLine } from './paste.ts';

/** Of the preview. */
const maxLines = 12;
const maxColumns = 160;

/** Shows lines before they are pasted into a program that would execute each of them at once. */
export const PasteQuestion = (props: {
  /** Undefined: nothing to ask. */
  text: string | undefined;
  onPaste: (text: string) => void;
  onNeverAsk: () => void;
  onCancel: () => void;
  onGone: () => void;
}) => (
  <Modal
    opened={props.text !== undefined}
    onClose={props.onCancel}
    onExitTransitionEnd={props.onGone}
    size="lg"
    title={<Text fw={650}>{props.text === undefined ? '' : titleFor(props.text)}</Text>}
  >
    {props.text !== undefined && <Question {...props} text={props.text} />}
  </Modal>
);

const Question = (props: {
  text: string;
  onPaste: (text: string) => void;
  onNeverAsk: () => void;
  onCancel: () => void;
}) => {
  const [never, setNever] = useState(false);
  const paste = (text: string): void => {
    if (never) props.onNeverAsk();
    props.onPaste(text);
  };
  const lines = props.text.replace(/\n$/, '').split('\n');
  return (
    <Stack>
      <Text size="sm">The program in this terminal takes each line as if you had pressed Enter after it.</Text>
      <Code block>
        {lines
          .slice(0, maxLines)
          .map((line) => (line.length > maxColumns ? `${line.slice(0, maxColumns).toWellFormed()}…` : line))
          .join('\n')}
      </Code>
      {lines.length > maxLines && (
        <Text size="xs" c="dimmed">
          {numberText(lines.length - maxLines)} more lines
        </Text>
      )}
      <Checkbox label="Do not ask again" checked={never} onChange={(event) => setNever(event.currentTarget.checked)} />
      <Group justify="flex-end">
        <Button variant="default" onClick={props.onCancel}>
          Cancel
        </Button>
        <Button variant="default" onClick={() => paste(asOneLine(props.text))}>
          Paste as one line
        </Button>
        <Button onClick={() => paste(props.text)} data-autofocus>
          Paste
        </Button>
      </Group>
    </Stack>
  );
};

const titleFor = (text: string): string => {
  const count = text.replace(/\n$/, '').split('\n').length;
  return count === 1 ? 'Paste a line that ends with Enter?' : `Paste ${numberText(count)} lines?`;
};
