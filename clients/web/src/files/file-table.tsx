import { Table, Text } from '@mantine/core';
import { IconCornerUpRight, IconFile, IconFolder, IconPlugConnected } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { joinPath } from '@webxterm/contracts/file-paths';
import type { FileEntry } from '@webxterm/contracts/rest';
import { byteSize, localTime } from '../layout/format.ts';
import { leadsTo } from './entry-type.ts';
import { type FileAction, FileMenu } from './file-menu.tsx';
import { shownName } from './file-names.ts';
import classes from './files-page.module.css';
import { isViewable } from './view/content.ts';

export interface FileTableProps {
  readonly agentId: string;
  readonly folder: string;
  readonly entries: readonly FileEntry[];
  readonly user: string | undefined;
  readonly mayWrite: boolean;
  /** The path that is being downloaded. */
  readonly downloading: string | undefined;
  readonly onDownload: (path: string, kind: 'file' | 'folder') => void;
  readonly onAct: (action: FileAction, entry: FileEntry) => void;
}

const columns = [['Name'], ['Size'], ['Changed', classes.wide], ['Mode', classes.wide], ['Actions']] as const;

/** The entries of a folder. */
export const FileTable = (props: FileTableProps) => (
  <div className={classes.frame}>
    <Table className={classes.table} verticalSpacing={7} aria-label="Entries of this folder">
      <Table.Thead>
        <Table.Tr>
          {columns.map(([name, shown]) => (
            <Table.Th key={name} className={shown}>
              {name === 'Actions' ? <span className="wx-unseen">{name}</span> : name}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {props.entries.map((entry) => (
          <Row key={entry.name} entry={entry} {...props} />
        ))}
      </Table.Tbody>
    </Table>
  </div>
);

const iconOf = (entry: FileEntry): typeof IconFile => {
  if (entry.type === 'link') return IconCornerUpRight;
  if (entry.type === 'folder') return IconFolder;
  return entry.type === 'file' ? IconFile : IconPlugConnected;
};

const Row = ({ entry, ...props }: FileTableProps & { readonly entry: FileEntry }) => {
  const path = joinPath(props.folder, entry.name);
  const shown = shownName(entry.name);
  return (
    <Table.Tr>
      <Table.Td className={classes.nameCell}>
        <Name entry={entry} path={path} shown={shown} {...props} />
      </Table.Td>
      <Table.Td className={classes.number}>
        <Text size="sm" c="dimmed" component="span">
          {entry.type === 'file' ? byteSize(entry.size) : ''}
        </Text>
      </Table.Td>
      <Table.Td className={`${classes.wide} ${classes.number}`}>
        <Text size="sm" c="dimmed" component="span">
          {localTime(entry.modified_at)}
        </Text>
      </Table.Td>
      <Table.Td className={`${classes.wide} ${classes.number}`}>
        <Text size="sm" c="dimmed" component="span">
          {entry.mode}
        </Text>
      </Table.Td>
      <Table.Td>
        <FileMenu
          entry={entry}
          shown={shown}
          mayWrite={props.mayWrite}
          downloading={props.downloading === path}
          onDownload={(kind) => props.onDownload(path, kind)}
          onAct={(action) => props.onAct(action, entry)}
        />
      </Table.Td>
    </Table.Tr>
  );
};

const Name = ({
  entry,
  path,
  shown,
  user,
  onDownload,
  ...props
}: Pick<FileTableProps, 'agentId' | 'user' | 'onDownload'> & { entry: FileEntry; path: string; shown: string }) => {
  const Icon = iconOf(entry);
  const content = (
    <>
      <Icon className={classes.icon} size={18} stroke={1.7} aria-hidden />
      <bdi className={classes.text}>
        {shown}
        {entry.link !== null && <span className={classes.target}> → {shownName(entry.link.target)}</span>}
      </bdi>
    </>
  );
  const target = leadsTo(entry);
  if (target === 'folder')
    return (
      <Link
        from="/machines/$agentId/files"
        search={{ path, user }}
        className={classes.folder}
        aria-label={`Open ${shown}`}
      >
        {content}
      </Link>
    );
  if (isViewable(entry))
    return (
      <Link
        to="/machines/$agentId/files/view"
        params={{ agentId: props.agentId }}
        search={{ path, user }}
        className={classes.name}
        aria-label={`Open ${shown}`}
      >
        {content}
      </Link>
    );
  if (target === 'file')
    return (
      <button
        type="button"
        className={classes.name}
        onClick={() => onDownload(path, 'file')}
        aria-label={`Download ${shown}`}
      >
        {content}
      </button>
    );
  return <span className={classes.plain}>{content}</span>;
};
