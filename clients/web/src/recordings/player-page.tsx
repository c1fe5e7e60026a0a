import { Alert, Badge, Button, Skeleton, Stack, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { Recording } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { usePageTitle } from '../brand/page-title.ts';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { PageHeader } from '../layout/page-header.tsx';
import { useMachine, useRights } from '../machines/machine-queries.ts';
import { byteCount } from '../terminal/sentences.ts';
import { DownloadMenu } from './download-menu.tsx';
import { Player } from './player.tsx';
import { useDeleteRecording, useRecording, useSaveRecording } from './recording-queries.ts';

const route = getRouteApi('/signed-in/framed/recordings/$recordingId');

/** Plays one recording. `#t=1:30` in the address is the moment at which it begins. */
export const PlayerPage = () => {
  const { recordingId } = route.useParams();
  const recording = useRecording(recordingId);
  usePageTitle('Recording');
  if (recording.data !== undefined) return <Shown recording={recording.data} />;
  return (
    <>
      <PageHeader title="Recording" />
      {recording.isError ? (
        <Failure
          title="This recording cannot be shown"
          error={recording.error}
          onRetry={() => void recording.refetch()}
        />
      ) : (
        <Skeleton height={420} radius="md" role="status" aria-busy="true" aria-label="Loading the recording" />
      )}
    </>
  );
};

const Shown = ({ recording }: { recording: Recording }) => {
  const machine = useMachine(recording.agent_id);
  const save = useSaveRecording();
  const name = machine.data?.name ?? (machine.isError ? 'a removed machine' : '…');
  return (
    <Stack>
      <PageHeader
        title={recording.title === '' ? `Terminal on ${name}` : recording.title}
        text={`${recording.username} on ${name}, ${localTime(recording.began_at)}, ${byteCount(recording.bytes)}`}
        actions={
          <>
            {recording.status === 'recording' && <Badge color="red">Live</Badge>}
            {recording.hold && <Badge color="blue">On hold</Badge>}
            <DownloadMenu
              recording={recording}
              pending={save.isPending}
              onPick={(format) => save.mutate({ recording, format })}
            />
            {machine.data !== undefined && recording.status === 'ended' && !recording.hold && (
              <DeleteButton recording={recording} machine={machine.data} />
            )}
          </>
        }
      />
      {save.isError && <Failure title="It could not be downloaded" error={save.error} />}
      {recording.lost_bytes > 0 && (
        <Alert color="yellow" title="Output is missing">
          <Text size="sm">
            {byteCount(recording.lost_bytes)} of output could not be recorded. The player shows where.
          </Text>
        </Alert>
      )}
      <Player key={recording.recording_id} recording={recording} />
    </Stack>
  );
};

const DeleteButton = (props: { recording: Recording; machine: Parameters<typeof useRights>[0] }) => {
  const manages = useRights(props.machine).includes('manage');
  const remove = useDeleteRecording();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  if (!manages) return null;
  return (
    <>
      <Button
        variant="default"
        size="sm"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={() => setAsking(true)}
      >
        Delete
      </Button>
      {asking && (
        <ConfirmDialog
          title="Delete this recording?"
          keep="Keep it"
          confirm="Delete the recording"
          pending={remove.isPending}
          failed="It could not be deleted"
          error={remove.error}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            remove.mutate(props.recording.recording_id, { onSuccess: () => void navigate({ to: '/recordings' }) })
          }
        >
          <Text>Its key and its content are removed. The audit log keeps that there was a recording.</Text>
        </ConfirmDialog>
      )}
    </>
  );
};
