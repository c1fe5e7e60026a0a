import { Alert, Anchor, Button, FileButton, Group, Loader, Skeleton, Stack, Text } from '@mantine/core';
import { IconArrowLeft, IconFolderOpen, IconFolderPlus, IconUpload } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { nameOf } from '@webxterm/contracts/file-paths';
import type { FileEntry, FileList, Machine } from '@webxterm/contracts/rest';
import { ApiError } from '@webxterm/rest-client';
import { useRef, useState } from 'react';
import { useServer } from '../api/server-context.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { Failure } from '../layout/failure.tsx';
import { NotFound } from '../layout/not-found.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { useMachine, useRights } from '../machines/machine-queries.ts';
import { NewFolderDialog, RemoveDialog, RenameDialog } from './file-dialogs.tsx';
import { shownName } from './file-names.ts';
import { type Download, fileKeys, useDownload, useFolder } from './file-queries.ts';
import { FileTable } from './file-table.tsx';
import classes from './files-page.module.css';
import { FolderPath, UserChoice } from './folder-path.tsx';
import { UploadList } from './upload-list.tsx';
import { useDroppedFiles } from './use-dropped-files.ts';
import { useUploads } from './use-uploads.ts';

const route = getRouteApi('/signed-in/framed/machines/$agentId/files');

/** `/machines/:agent_id/files`: the folders and files of a machine. */
export const FilesPage = () => {
  const { agentId } = route.useParams();
  const machine = useMachine(agentId);
  const name = machine.data?.name ?? 'Machine';
  usePageTitle('Files', name);
  if (machine.error instanceof ApiError && machine.error.status === 404)
    return <NotFound title="No such machine" text="It may have been removed, or it is not shared with you." />;
  return (
    <Stack gap="md">
      <Anchor component={Link} to={`/machines/${agentId}`} size="sm" c="dimmed" w="fit-content">
        <Group gap={6}>
          <IconArrowLeft size={15} aria-hidden /> {name}
        </Group>
      </Anchor>
      {machine.isError && (
        <Failure title="The machine could not be loaded" error={machine.error} onRetry={() => void machine.refetch()} />
      )}
      {machine.isPending && <Ghost />}
      {machine.data !== undefined && <Files machine={machine.data} />}
    </Stack>
  );
};

type Dialog = { kind: 'folder' } | { kind: 'rename' | 'remove'; entry: FileEntry };

const Files = ({ machine }: { machine: Machine }) => {
  const { path, user } = route.useSearch();
  const rights = useRights(machine);
  const [mayRead, mayWrite] = [rights.includes('files_read'), rights.includes('files_write')];
  const place = { agentId: machine.agent_id, user };
  const folder = useFolder(place, path, mayRead && machine.status !== 'pending');
  const queue = useUploads();
  const server = useServer();
  const queries = useQueryClient();
  const download = useDownload(place);
  const [dialog, setDialog] = useState<Dialog>();
  const reset = useRef<() => void>(null);
  const at = folder.data?.path ?? path;
  const upload = (files: readonly File[]): void => {
    // A browser reports no change when the same file is chosen again.
    reset.current?.();
    if (at === undefined) return;
    const taken = new Set(folder.data?.entries.map(({ name }) => name));
    queue.add(files, {
      folder: at,
      taken,
      send: (file, content, options) => server.uploadFile(place, file, content, options),
      onDone: () => void queries.invalidateQueries({ queryKey: fileKeys.machine(place.agentId) }),
    });
  };
  const mayUpload = mayWrite && folder.data !== undefined;
  const drop = useDroppedFiles(mayUpload ? upload : undefined);
  return (
    <div
      {...drop.handlers}
      className={classes.page}
      data-dragging={drop.dragging}
      data-hint={`Drop files to upload them to ${shownName(at ?? '')}`}
    >
      <PageHeader
        title="Files"
        text={
          <Group gap="xs" component="span">
            On {machine.name}, as <UserChoice machine={machine} user={user} />
          </Group>
        }
        actions={
          mayUpload && (
            <>
              <Button
                variant="default"
                leftSection={<IconFolderPlus size={16} aria-hidden />}
                onClick={() => setDialog({ kind: 'folder' })}
              >
                New folder
              </Button>
              <FileButton multiple resetRef={reset} onChange={upload}>
                {(props) => (
                  <Button {...props} leftSection={<IconUpload size={16} aria-hidden />}>
                    Upload
                  </Button>
                )}
              </FileButton>
            </>
          )
        }
      />
      <Stack gap="md">
        {!mayRead && <NoRight />}
        {at !== undefined && <FolderPath agentId={place.agentId} path={at} user={user} />}
        <UploadList queue={queue} />
        {download.isPending && <Downloading download={download.variables} />}
        {download.isError && <Failure title="The file could not be downloaded" error={download.error} />}
        {folder.isError && (
          <Failure
            title={folder.data === undefined ? 'The folder could not be listed' : 'This list may be out of date'}
            error={folder.error}
            onRetry={() => void folder.refetch()}
          />
        )}
        {folder.isLoading && <Ghost />}
        {folder.data !== undefined && (
          <Listed
            list={folder.data}
            more={
              folder.hasNextPage
                ? { isFetching: folder.isFetchingNextPage, fetch: () => void folder.fetchNextPage() }
                : undefined
            }
          >
            <FileTable
              folder={folder.data.path}
              entries={folder.data.entries}
              user={user}
              mayWrite={mayWrite}
              downloading={download.isPending ? download.variables.path : undefined}
              onDownload={(file) => download.mutate({ path: file, cancel: new AbortController() })}
              onRename={(entry) => setDialog({ kind: 'rename', entry })}
              onRemove={(entry) => setDialog({ kind: 'remove', entry })}
            />
          </Listed>
        )}
      </Stack>
      {dialog !== undefined && at !== undefined && (
        <ShownDialog dialog={dialog} place={place} folder={at} onClose={() => setDialog(undefined)} />
      )}
    </div>
  );
};

const Downloading = ({ download }: { download: Download }) => (
  <Group gap="sm">
    <Loader size="xs" />
    <Text size="sm" role="status">
      Downloading {shownName(nameOf(download.path))}
    </Text>
    <Button size="compact-xs" variant="default" onClick={() => download.cancel.abort()}>
      Cancel
    </Button>
  </Group>
);

const ShownDialog = ({
  dialog,
  ...props
}: {
  dialog: Dialog;
  place: { agentId: string; user: string | undefined };
  folder: string;
  onClose: () => void;
}) => {
  if (dialog.kind === 'folder') return <NewFolderDialog {...props} />;
  if (dialog.kind === 'rename') return <RenameDialog entry={dialog.entry} {...props} />;
  return <RemoveDialog entry={dialog.entry} {...props} />;
};

interface ListedProps {
  readonly list: FileList;
  readonly more: { readonly isFetching: boolean; readonly fetch: () => void } | undefined;
  readonly children: React.ReactNode;
}

/** The table with what stands below it, or what an empty folder shows. */
const Listed = ({ list, more, children }: ListedProps) => {
  if (list.entries.length === 0)
    return (
      <EmptyState
        icon={<IconFolderOpen size={28} stroke={1.6} />}
        title="This folder is empty"
        text="Drop files on this page, or use Upload."
      />
    );
  return (
    <>
      {children}
      {list.cut && <Text size="sm">The folder has more entries than the first {list.total}.</Text>}
      {more !== undefined && (
        <Group justify="center">
          <Text size="sm" c="dimmed">
            {list.entries.length} of {list.total}
          </Text>
          <Button size="xs" variant="default" loading={more.isFetching} onClick={more.fetch}>
            Show more
          </Button>
        </Group>
      )}
    </>
  );
};

const NoRight = () => (
  <Alert variant="light" color="yellow" radius="lg" title="You may not read files on this machine">
    <Text size="sm">Ask the owner of the machine to let you open terminals on it. Files come with that.</Text>
  </Alert>
);

const Ghost = () => (
  <Stack gap="sm" role="status" aria-busy="true" aria-label="Loading the files">
    <Skeleton height={34} radius="md" />
    <Skeleton height={34} radius="md" />
    <Skeleton height={34} radius="md" />
  </Stack>
);
