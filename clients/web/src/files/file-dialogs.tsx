import { Modal, Stack, Text, TextInput } from '@mantine/core';
import { joinPath } from '@webxterm/contracts/file-paths';
import type { FileEntry } from '@webxterm/contracts/rest';
import { useState } from 'react';
import type { FilePlace } from '../api/file-calls.ts';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { nameProblem, shownName } from './file-names.ts';
import { useMakeFolder, useRemoveFile, useRenameFile } from './file-queries.ts';

interface InFolder {
  readonly place: FilePlace;
  readonly folder: string;
  readonly onClose: () => void;
}

export const NewFolderDialog = ({ place, folder, onClose }: InFolder) => {
  const make = useMakeFolder(place);
  return (
    <NameDialog
      title="New folder"
      submit="Create folder"
      failed="The folder was not created"
      before=""
      change={make}
      onClose={onClose}
      onName={(name) => make.mutate(joinPath(folder, name), { onSuccess: onClose })}
    />
  );
};

export const RenameDialog = ({ place, folder, entry, onClose }: InFolder & { readonly entry: FileEntry }) => {
  const rename = useRenameFile(place);
  return (
    <NameDialog
      title={`Rename ${shownName(entry.name)}`}
      submit="Rename"
      failed="It was not renamed"
      before={entry.name}
      change={rename}
      onClose={onClose}
      onName={(name) => {
        if (name === entry.name) return onClose();
        const paths = { path: joinPath(folder, entry.name), to: joinPath(folder, name) };
        rename.mutate(paths, { onSuccess: onClose });
      }}
    />
  );
};

interface NameDialogProps {
  readonly title: string;
  readonly submit: string;
  readonly failed: string;
  readonly before: string;
  readonly change: { readonly isPending: boolean; readonly error: Error | null };
  readonly onClose: () => void;
  readonly onName: (name: string) => void;
}

/** Asks for a name. */
const NameDialog = ({ title, submit, failed, before, change, onClose, onName }: NameDialogProps) => {
  const [name, setName] = useState(before);
  const [tried, setTried] = useState(false);
  const problem = nameProblem(name);
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>{title}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (problem === undefined) onName(name);
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            data-autofocus
            value={name}
            error={tried && problem}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {change.error !== null && <Failure title={failed} error={change.error} />}
          <FormButtons submit={submit} pending={change.isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  );
};

export const RemoveDialog = ({ place, folder, entry, onClose }: InFolder & { readonly entry: FileEntry }) => {
  const remove = useRemoveFile(place);
  const isFolder = entry.type === 'folder';
  return (
    <ConfirmDialog
      title={`Delete ${shownName(entry.name)}?`}
      keep="Keep it"
      confirm={isFolder ? 'Delete the folder' : 'Delete'}
      pending={remove.isPending}
      failed="It was not deleted, or not completely"
      error={remove.error}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate({ path: joinPath(folder, entry.name), recursive: isFolder }, { onSuccess: onClose })
      }
    >
      <Text size="sm">{textOf(entry)}</Text>
    </ConfirmDialog>
  );
};

const textOf = ({ type }: FileEntry): string => {
  if (type === 'folder') return 'The folder and everything in it are deleted on the machine at once. There is no bin.';
  if (type === 'link') return 'The link is deleted. Its target stays.';
  return 'The file is deleted on the machine at once. There is no bin.';
};
