import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { ApiError } from '@webxterm/rest-client';
import { useState } from 'react';
import type { FilePlace } from '../../api/file-calls.ts';
import { ConfirmDialog } from '../../layout/confirm-dialog.tsx';
import { Failure } from '../../layout/failure.tsx';
import { CodeEditor } from './code-editor.tsx';
import type { LineBreak } from './content.ts';
import classes from './view-page.module.css';
import { type OpenedFile, useSaveFile } from './view-queries.ts';

export interface TextViewProps {
  readonly place: FilePlace;
  readonly path: string;
  readonly name: string;
  readonly opened: { readonly text: string; readonly lineBreak: LineBreak; readonly etag: string };
  readonly mayWrite: boolean;
  /** Loads the file of the machine again. */
  readonly onReload: () => Promise<OpenedFile | undefined>;
}

/** A text file, with its changes. They are saved only over the version that they are based on. */
export const TextView = ({ place, path, name, opened, mayWrite, onReload }: TextViewProps) => {
  const [base, setBase] = useState({ text: opened.text, etag: opened.etag });
  // The editor is built anew for another `start`, not for each key.
  const [start, setStart] = useState(opened.text);
  const [text, setText] = useState(opened.text);
  const [comparing, setComparing] = useState(false);
  const save = useSaveFile(place, path);
  const isChanged = text !== base.text;
  const leaving = useBlocker({
    shouldBlockFn: () => isChanged,
    enableBeforeUnload: () => isChanged,
    withResolver: true,
  });
  const hasMoved = save.error !== null && isFileChanged(save.error);

  /** The version of the machine becomes the base. `mine`: the changes stay, and are compared with it. */
  const takeTheirs = async (mine: boolean): Promise<void> => {
    const loaded = await onReload();
    if (loaded?.content.kind !== 'text') return;
    save.reset();
    setBase({ text: loaded.content.text, etag: loaded.etag });
    setStart(mine ? text : loaded.content.text);
    if (!mine) setText(loaded.content.text);
    setComparing(mine);
  };
  const onSaved = (etag: string): void => {
    setBase({ text, etag });
    setComparing(false);
  };
  return (
    <Stack gap="sm">
      {hasMoved && (
        <Alert color="yellow" variant="light" title="The file was changed on the machine since you opened it">
          <Stack gap="sm" align="flex-start">
            <Text size="sm">Nothing was saved, and your changes are still here.</Text>
            <Group gap="xs">
              <Button size="xs" onClick={() => void takeTheirs(true)}>
                Compare mine with it
              </Button>
              <Button size="xs" variant="default" color="red" onClick={() => void takeTheirs(false)}>
                Discard mine, and load it
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
      {mayWrite && (
        <Group gap="sm">
          <Button disabled={!isChanged} onClick={() => setComparing(true)}>
            Save
          </Button>
          <Text size="sm" c="dimmed" role="status">
            {isChanged ? 'Not saved' : save.isSuccess ? 'Saved' : ''}
          </Text>
        </Group>
      )}
      <CodeEditor
        name={name}
        text={start}
        lineBreak={opened.lineBreak}
        readOnly={!mayWrite}
        onChange={setText}
        onSave={() => setComparing(mayWrite && isChanged)}
      />
      <Modal
        opened={comparing}
        size="xl"
        onClose={() => setComparing(false)}
        title={<Text fw={650}>Save these changes?</Text>}
      >
        <Stack>
          <div className={classes.difference}>
            <CodeEditor name={name} text={text} original={base.text} lineBreak={opened.lineBreak} readOnly />
          </div>
          {save.error !== null && !hasMoved && <Failure title="The file was not saved" error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setComparing(false)}>
              Go on editing
            </Button>
            <Button
              loading={save.isPending}
              data-autofocus
              onClick={() =>
                save.mutate(
                  { text, etag: base.etag },
                  { onSuccess: onSaved, onError: (error) => setComparing(!isFileChanged(error)) },
                )
              }
            >
              Save the file
            </Button>
          </Group>
        </Stack>
      </Modal>
      {leaving.status === 'blocked' && (
        <ConfirmDialog
          title="Leave without saving?"
          keep="Stay here"
          confirm="Discard the changes"
          pending={false}
          failed=""
          error={null}
          onClose={leaving.reset}
          onConfirm={leaving.proceed}
        >
          <Text size="sm">Your changes of {name} are lost.</Text>
        </ConfirmDialog>
      )}
    </Stack>
  );
};

const isFileChanged = (error: Error): boolean => error instanceof ApiError && error.code === 'file_changed';
