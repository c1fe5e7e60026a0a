import { Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';

interface TextDialogProps {
  readonly title: string;
  readonly submit: string;
  readonly failed: string;
  readonly before: string;
  readonly change: { readonly isPending: boolean; readonly error: Error | null };
  readonly onClose: () => void;
  readonly label: string;
  readonly description?: string;
  /** Why a text is refused. Undefined: it is not. */
  readonly problemOf: (text: string) => string | undefined;
  readonly onText: (text: string) => void;
}

/** Asks for a name or a path. */
export const TextDialog = ({ title, submit, failed, before, label, description, change, ...on }: TextDialogProps) => {
  const [text, setText] = useState(before);
  const [tried, setTried] = useState(false);
  const problem = on.problemOf(text);
  return (
    <Modal opened onClose={on.onClose} title={<Text fw={650}>{title}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (problem === undefined) on.onText(text);
        }}
      >
        <Stack>
          <TextInput
            label={label}
            description={description}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            data-autofocus
            value={text}
            error={tried && problem}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          {change.error !== null && <Failure title={failed} error={change.error} />}
          <FormButtons submit={submit} pending={change.isPending} onCancel={on.onClose} />
        </Stack>
      </form>
    </Modal>
  );
};
