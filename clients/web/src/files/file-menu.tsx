import { ActionIcon, Loader, Menu } from '@mantine/core';
import {
  IconCopy,
  IconDots,
  IconDownload,
  IconFolderSymlink,
  IconLock,
  IconPencil,
  IconTrash,
} from '@tabler/icons-react';
import type { FileEntry } from '@webxterm/contracts/rest';
import { leadsTo } from './entry-type.ts';

/** A change of an entry that a dialog asks for. */
export type FileAction = 'rename' | 'move' | 'copy' | 'mode' | 'remove';

export interface FileMenuProps {
  readonly entry: FileEntry;
  readonly shown: string;
  readonly mayWrite: boolean;
  readonly downloading: boolean;
  readonly onDownload: (kind: 'file' | 'folder') => void;
  readonly onAct: (action: FileAction) => void;
}

const changes = [
  ['rename', 'Rename', IconPencil],
  ['move', 'Move', IconFolderSymlink],
  ['copy', 'Copy', IconCopy],
  ['mode', 'Permissions', IconLock],
] as const;

/** The actions for an entry. Nothing is shown if there are none. */
export const FileMenu = ({ entry, shown, mayWrite, downloading, onDownload, onAct }: FileMenuProps) => {
  const kind = leadsTo(entry);
  const isDownloadable = kind === 'file' || kind === 'folder';
  if (!isDownloadable && !mayWrite) return null;
  return (
    <Menu position="bottom-end" shadow="md" radius="md" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${shown}`}>
          {downloading ? <Loader size={16} /> : <IconDots size={18} />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {isDownloadable && (
          <Menu.Item leftSection={<IconDownload size={16} />} onClick={() => onDownload(kind)}>
            {kind === 'file' ? 'Download' : 'Download as .tar'}
          </Menu.Item>
        )}
        {mayWrite && (
          <>
            {changes
              .filter(([action]) => action !== 'mode' || entry.type === 'file' || entry.type === 'folder')
              .filter(([action]) => action !== 'copy' || ['file', 'folder', 'link'].includes(entry.type))
              .map(([action, name, Icon]) => (
                <Menu.Item key={action} leftSection={<Icon size={16} />} onClick={() => onAct(action)}>
                  {name}
                </Menu.Item>
              ))}
            <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => onAct('remove')}>
              Delete
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
};
