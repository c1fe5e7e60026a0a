import { Alert, Anchor, Button, Group, Loader, Skeleton, Stack, Text } from '@mantine/core';
import { IconArrowLeft, IconFolderOpen, IconFolderPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { nameOf } from '@webxterm/contracts/file-paths';
import type { FileList, Machine } from '@webxterm/contracts/rest';
import { ApiError } from '@webxterm/rest-client';
import { useState } from 'react';
import { useServer } from '../api/server-context.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { Failure } from '../layout/failure.tsx';
import { NotFound } from '../layout/not-found.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { useMachine, useRights } from '../machines/machine-queries.ts';
import { EntryDialog, type ShownDialog } from './entry-dialog.tsx';
import { shownName } from './file-names.ts';
import { type Download, fileKeys, useDownload, useFolder } from './file-queries.ts';
import { FileTable } from './file-table.tsx';
import classes from './files-page.module.css';
import { FolderPath, UserChoice } from './folder-path.tsx';
import { chosenFolder, filesIn, type LocalFile, plainFiles } from './local-files.ts';
import { UploadButtons } from './upload-buttons.tsx';
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
  const [dialog, setDialog] = useState<ShownDialog>();
  const at = folder.data?.path ?? path;
  const [refused, setRefused] = useState<unknown>();
  const upload = (files: readonly LocalFile[]): void => {
    setRefused(undefined);
    if (at === undefined) return;
    const taken = new Set(folder.data?.entries.map(({ name }) => name));
    queue.add(files, {
      folder: at,
      taken,
      makeFolder: (path) => server.makeFolder(place, path),
      send: (file, content, options) => server.uploadFile(place, file, content, options),
      onDone: () => void queries.invalidateQueries({ queryKey: fileKeys.machine(place.agentId) }),
    });
  };
  const mayUpload = mayWrite && folder.data !== undefined;
  const uploadTree = (read: () => Promise<readonly LocalFile[]>): void => {
    read().then(upload, setRefused);
  };
  const drop = useDroppedFiles(
    mayUpload
      ? ({ files, folders }) => {
          if (files.length > 0) upload(plainFiles(files));
          if (folders.length > 0) uploadTree(() => filesIn(folders));
        }
      : undefined,
  );
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
              <UploadButtons
                onFiles={(files) => upload(plainFiles(files))}
                onFolder={(files) => uploadTree(async () => chosenFolder(files))}
              />
            </>
          )
        }
      />
      <Stack gap="md">
        {!mayRead && <NoRight />}
        {at !== undefined && <FolderPath agentId={place.agentId} path={at} user={user} />}
        {refused !== undefined && <Failure title="The folder was not uploaded" error={refused} />}
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
              agentId={place.agentId}
              folder={folder.data.path}
              entries={folder.data.entries}
              user={user}
              mayWrite={mayWrite}
              downloading={download.isPending ? download.variables.path : undefined}
              onDownload={(file, kind) => download.mutate({ path: file, kind, cancel: new AbortController() })}
              onAct={(kind, entry) => setDialog({ kind, entry })}
            />
          </Listed>
        )}
      </Stack>
      {dialog !== undefined && at !== undefined && (
        <EntryDialog dialog={dialog} place={place} folder={at} onClose={() => setDialog(undefined)} />
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
        text="Drop files or folders on this page, or use Upload."
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
