import { Alert, Anchor, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconArrowLeft, IconDownload } from '@tabler/icons-react';
import { getRouteApi, Link } from '@tanstack/react-router';
import { nameOf } from '@webxterm/contracts/file-paths';
import type { Machine } from '@webxterm/contracts/rest';
import { lazy, Suspense } from 'react';
import { usePageTitle } from '../../brand/page-title.ts';
import { Failure } from '../../layout/failure.tsx';
import { PageHeader } from '../../layout/page-header.tsx';
import { useMachine, useRights } from '../../machines/machine-queries.ts';
import { shownName } from '../file-names.ts';
import { useDownload } from '../file-queries.ts';
import { folderAddress } from '../folder-path.tsx';
import { ImageView } from './image-view.tsx';
import { useOpenedFile } from './view-queries.ts';

const route = getRouteApi('/signed-in/framed/machines/$agentId/files/view');
// The editor is a third of the size of the other pages together.
const TextView = lazy(() => import('./text-view.tsx').then((module) => ({ default: module.TextView })));

/** `/machines/:agent_id/files/view?path=`: the content of a file. */
export const ViewPage = () => {
  const { agentId } = route.useParams();
  const { path } = route.useSearch();
  const machine = useMachine(agentId);
  usePageTitle(shownName(nameOf(path)), machine.data?.name ?? 'Machine');
  if (machine.isError)
    return (
      <Failure title="The machine could not be loaded" error={machine.error} onRetry={() => void machine.refetch()} />
    );
  return machine.data === undefined ? <Skeleton height={200} radius="md" /> : <Opened machine={machine.data} />;
};

const Opened = ({ machine }: { machine: Machine }) => {
  const { path, user } = route.useSearch();
  const rights = useRights(machine);
  const place = { agentId: machine.agent_id, user };
  const file = useOpenedFile(place, path, rights.includes('files_read'));
  const download = useDownload(place);
  const name = shownName(nameOf(path));
  const folder = path.slice(0, Math.max(1, path.lastIndexOf('/')));
  return (
    <Stack gap="md">
      <Anchor component={Link} to={folderAddress(machine.agent_id, folder, user)} size="sm" c="dimmed" w="fit-content">
        <Group gap={6}>
          <IconArrowLeft size={15} aria-hidden /> {shownName(folder)}
        </Group>
      </Anchor>
      <PageHeader
        title={name}
        text={`On ${machine.name}`}
        actions={
          <Button
            variant="default"
            loading={download.isPending}
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => download.mutate({ path, kind: 'file', cancel: new AbortController() })}
          >
            Download
          </Button>
        }
      />
      {download.isError && <Failure title="The file could not be downloaded" error={download.error} />}
      {!rights.includes('files_read') && <Text size="sm">You may not read files on this machine.</Text>}
      {file.isError && (
        <Failure title="The file could not be opened" error={file.error} onRetry={() => void file.refetch()} />
      )}
      {file.isLoading && <Skeleton height={300} radius="md" role="status" aria-label="Loading the file" />}
      {file.data?.content.kind === 'none' && (
        <Alert variant="light" color="yellow" title="This file is not shown here">
          <Text size="sm">{file.data.content.reason} Download it to look at it.</Text>
        </Alert>
      )}
      {file.data?.content.kind === 'image' && <ImageView image={file.data.content.image} name={name} />}
      {file.data?.content.kind === 'text' && (
        <Suspense fallback={<Skeleton height={300} radius="md" />}>
          <TextView
            key={path}
            place={place}
            path={path}
            name={name}
            opened={{ ...file.data.content, etag: file.data.etag }}
            mayWrite={rights.includes('files_write')}
            onReload={async () => (await file.refetch()).data}
          />
        </Suspense>
      )}
    </Stack>
  );
};
