import { Badge, Button, Group, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { IconPlayerPlay, IconVideo } from '@tabler/icons-react';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { Recording } from '@webxterm/contracts/rest';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { MoreButton } from '../layout/more-button.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { useMachineNames } from '../sessions/session-queries.ts';
import sessions from '../sessions/session-rows.module.css';
import { useUser } from '../sign-in/sign-in-context.ts';
import { clock } from './playback-time.ts';
import { PolicyCard } from './policy-card.tsx';
import { RecordingHits } from './recording-hits.tsx';
import { useRecordingHits, useRecordings } from './recording-queries.ts';
import { WordsField } from './words-field.tsx';

const route = getRouteApi('/signed-in/framed/recordings');

/** The recordings that the user may play. */
export const RecordingsPage = () => {
  usePageTitle('Recordings');
  const { machine, q } = route.useSearch();
  const navigate = useNavigate();
  return (
    <>
      <PageHeader
        title="Recordings"
        text="What was shown in the terminals of machines whose recordings you may play."
        actions={
          machine !== undefined && (
            <Button component={Link} to="/recordings" variant="default">
              Show those of all machines
            </Button>
          )
        }
      />
      <Stack>
        <WordsField
          label="Search in recordings"
          words={q}
          onSearch={(words) => void navigate({ to: '/recordings', search: { machine, q: words } })}
        />
        {q === undefined ? <All machine={machine} /> : <Found key={q} words={q} machine={machine} />}
      </Stack>
    </>
  );
};

const All = ({ machine }: { machine: string | undefined }) => {
  const isAdmin = useUser()?.role === 'admin';
  const recordings = useRecordings(machine);
  const nameOf = useMachineNames((recordings.data ?? []).map(({ agent_id }) => agent_id));
  return (
    <>
      {isAdmin && <PolicyCard />}
      {recordings.isError && (
        <Failure
          title="The recordings could not be loaded"
          error={recordings.error}
          onRetry={() => void recordings.refetch()}
        />
      )}
      {recordings.isPending && (
        <Stack gap="sm" role="status" aria-busy="true" aria-label="Loading the recordings">
          <Skeleton height={44} radius="md" />
          <Skeleton height={44} radius="md" />
        </Stack>
      )}
      {recordings.data?.length === 0 && <NoRecordings />}
      {recordings.data !== undefined && recordings.data.length > 0 && (
        <Paper withBorder radius="md" px="md" component="section" aria-label="Recordings">
          <ul className={sessions.rows}>
            {recordings.data.map((recording) => (
              <Row key={recording.recording_id} recording={recording} machine={nameOf(recording.agent_id)} />
            ))}
          </ul>
        </Paper>
      )}
      <MoreButton list={recordings} label="Show older recordings" />
    </>
  );
};

/** Lines of recordings. Each opens the player at its moment. */
const Found = ({ words, machine }: { words: string; machine: string | undefined }) => {
  const found = useRecordingHits({ q: words, ...(machine !== undefined && { machine }) });
  const nameOf = useMachineNames((found.data ?? []).map(({ agent_id }) => agent_id));
  return (
    <RecordingHits
      found={found}
      heading={({ recording_id, agent_id, username, began_at, ms }) => (
        <Group gap="sm" justify="space-between">
          <Text size="sm" c="dimmed">
            <b>{nameOf(agent_id)}</b> · {username} · {localTime(began_at)}
          </Text>
          <Button
            component={Link}
            to={`/recordings/${recording_id}`}
            hash={`t=${clock(ms)}`}
            size="compact-sm"
            variant="light"
            leftSection={<IconPlayerPlay size={14} aria-hidden />}
          >
            Play at {clock(ms)}
          </Button>
        </Group>
      )}
    />
  );
};

const NoRecordings = () => (
  <EmptyState
    icon={<IconVideo size={28} stroke={1.6} />}
    title="No recordings"
    text="Terminals are recorded if the policy of the installation or of a machine says so. The line below a terminal shows it."
  />
);

const Row = ({ recording, machine }: { recording: Recording; machine: string }) => {
  const title = recording.title === '' ? 'Shell' : recording.title;
  return (
    <li className={sessions.row}>
      <span className={sessions.icon} aria-hidden="true">
        <IconVideo size={19} stroke={1.7} />
      </span>
      <div className={sessions.text}>
        <Text fw={600} truncate>
          {title}
        </Text>
        <Text size="sm" c="dimmed" className={sessions.about}>
          <b>{machine}</b> · {recording.username} · {localTime(recording.began_at)} · {clock(recording.duration_ms)}
          {recording.lost_bytes > 0 && ' · output is missing'}
        </Text>
      </div>
      <Group gap="xs" wrap="nowrap">
        {recording.status === 'recording' && <Badge color="red">Live</Badge>}
        {recording.hold && <Badge color="blue">On hold</Badge>}
        <Button
          component={Link}
          to={`/recordings/${recording.recording_id}`}
          size="xs"
          leftSection={<IconPlayerPlay size={15} aria-hidden />}
          aria-label={`Play ${title} on ${machine}, ${localTime(recording.began_at)}`}
        >
          Play
        </Button>
      </Group>
    </li>
  );
};
