import type { FileEntry } from '@webxterm/contracts/rest';
import { type InFolder, NewFolderDialog, RemoveDialog, RenameDialog } from './file-dialogs.tsx';
import type { FileAction } from './file-menu.tsx';
import { ModeDialog } from './mode-dialog.tsx';
import { CopyDialog, MoveDialog } from './place-dialog.tsx';

export type ShownDialog = { readonly kind: 'folder' } | { readonly kind: FileAction; readonly entry: FileEntry };

const dialogs = {
  rename: RenameDialog,
  move: MoveDialog,
  copy: CopyDialog,
  mode: ModeDialog,
  remove: RemoveDialog,
} as const;

/** The dialog that is open. */
export const EntryDialog = ({ dialog, ...props }: InFolder & { readonly dialog: ShownDialog }) => {
  if (dialog.kind === 'folder') return <NewFolderDialog {...props} />;
  const Dialog = dialogs[dialog.kind];
  return <Dialog entry={dialog.entry} {...props} />;
};
