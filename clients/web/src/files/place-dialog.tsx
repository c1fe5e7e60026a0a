import { Alert, Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import { joinPath, pathProblem } from '@webxterm/contracts/file-paths';
import type { FileEntry } from '@webxterm/contracts/rest';
import { useEffect, useState } from 'react';
import type { CopiedFile } from '../api/file-calls.ts';
import type { InFolder } from './file-dialogs.tsx';
import { shownName } from './file-names.ts';
import { useCopyFile, useRenameFile } from './file-queries.ts';
import { TextDialog } from './text-dialog.tsx';

type EntryDialog = InFolder & { readonly entry: FileEntry };

export const MoveDialog = ({ place, folder, entry, onClose }: EntryDialog) => {
  const move = useRenameFile(place);
  const path = joinPath(folder, entry.name);
  return (
    <TextDialog
      {...pathField}
      title={`Move ${shownName(entry.name)}`}
      submit="Move"
      failed="It was not moved"
      before={path}
      change={move}
      onClose={onClose}
      onText={(to) => (to === path ? onClose() : move.mutate({ path, to }, { onSuccess: onClose }))}
    />
  );
};

export const CopyDialog = ({ place, folder, entry, onClose }: EntryDialog) => {
  const copy = useCopyFile(place);
  const [cancel] = useState(() => new AbortController());
  // A copy whose client leaves is removed on the machine.
  useEffect(() => () => cancel.abort(), [cancel]);
  const path = joinPath(folder, entry.name);
  const onSuccess = (copied: CopiedFile): void => {
    if (copied.left_out === 0) onClose();
  };
  if (copy.data !== undefined && copy.data.left_out > 0) return <LeftOut copied={copy.data} onClose={onClose} />;
  return (
    <TextDialog
      {...pathField}
      title={`Copy ${shownName(entry.name)}`}
      submit="Copy"
      failed="It was not copied"
      before={path}
      change={copy}
      onClose={onClose}
      onText={(to) => copy.mutate({ path, to, signal: cancel.signal }, { onSuccess })}
    />
  );
};

const pathField = {
  label: 'New path',
  description: 'With the name that it gets there. Nothing is replaced.',
  problemOf: (path: string): string | undefined => {
    const problem = pathProblem(path);
    return problem === undefined ? undefined : `A path ${problem}.`;
  },
};

/** The entries that a copy does not have. */
const LeftOut = ({ copied, onClose }: { copied: CopiedFile; onClose: () => void }) => (
  <Modal opened onClose={onClose} title={<Text fw={650}>The copy is not complete</Text>}>
    <Stack>
      <Alert color="yellow" variant="light" title={`${copied.left_out} left out, ${copied.files} copied`}>
        <List size="sm">
          {copied.reasons.map((reason) => (
            <List.Item key={reason}>{shownName(reason)}</List.Item>
          ))}
          {copied.left_out > copied.reasons.length && <List.Item>and more</List.Item>}
        </List>
      </Alert>
      <Group justify="flex-end">
        <Button onClick={onClose} data-autofocus>
          Close
        </Button>
      </Group>
    </Stack>
  </Modal>
);
