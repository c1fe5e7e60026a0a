import { Text } from '@mantine/core';
import { joinPath } from '@webxterm/contracts/file-paths';
import type { FileEntry } from '@webxterm/contracts/rest';
import type { FilePlace } from '../api/file-calls.ts';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { nameProblem, shownName } from './file-names.ts';
import { useMakeFolder, useRemoveFile, useRenameFile } from './file-queries.ts';
import { TextDialog } from './text-dialog.tsx';

export interface InFolder {
  readonly place: FilePlace;
  readonly folder: string;
  readonly onClose: () => void;
}

export const NewFolderDialog = ({ place, folder, onClose }: InFolder) => {
  const make = useMakeFolder(place);
  return (
    <TextDialog
      title="New folder"
      submit="Create folder"
      failed="The folder was not created"
      before=""
      label="Name"
      problemOf={nameProblem}
      change={make}
      onClose={onClose}
      onText={(name) => make.mutate(joinPath(folder, name), { onSuccess: onClose })}
    />
  );
};

export const RenameDialog = ({ place, folder, entry, onClose }: InFolder & { readonly entry: FileEntry }) => {
  const rename = useRenameFile(place);
  return (
    <TextDialog
      title={`Rename ${shownName(entry.name)}`}
      submit="Rename"
      failed="It was not renamed"
      before={entry.name}
      label="Name"
      problemOf={nameProblem}
      change={rename}
      onClose={onClose}
      onText={(name) => {
        if (name === entry.name) return onClose();
        const paths = { path: joinPath(folder, entry.name), to: joinPath(folder, name) };
        rename.mutate(paths, { onSuccess: onClose });
      }}
    />
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
