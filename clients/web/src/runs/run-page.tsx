import { Alert, Anchor, Badge, Button, Code, Group, Progress, Skeleton, Stack, Text } from '@mantine/core';
import { IconArrowLeft, IconDownload, IconPlayerStop, IconRepeat } from '@tabler/icons-react';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { Run, RunCounts } from '@webxterm/contracts/rest';
import { ApiError } from '@webxterm/rest-client';
import { useState } from 'react';
import { usePageTitle } from '../brand/page-title.ts';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { NotFound } from '../layout/not-found.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { RunGroups } from './run-groups.tsx';
import { isOver, type TargetFilter, useCancelRun, useLiveRun, useRun, useSaveRun, useStartRun } from './run-queries.ts';
import { RunTargets } from './run-targets.tsx';
import { causeSentence, countWords, failuresOf, firstLine, machineCount, runWords } from './run-words.ts';
import classes from './runs.module.css';

const route = getRouteApi('/signed-in/framed/runs/$runId');

/** `/runs/:run_id`: a run, live. */
export const RunPage = () => {
  const { runId } = route.useParams();
  const run = useRun(runId);
  usePageTitle('Run');
  if (run.error instanceof ApiError && run.error.status === 404)
    return <NotFound title="No such run" text="It may have been deleted after its time, or it is of another user." />;
  return (
    <Stack gap="md">
      <Anchor component={Link} to="/runs" size="sm" c="dimmed" w="fit-content">
        <Group gap={6}>
          <IconArrowLeft size={15} aria-hidden /> Runs
        </Group>
      </Anchor>
      {run.isError && (
        <Failure title="The run could not be loaded" error={run.error} onRetry={() => void run.refetch()} />
      )}
      {run.isPending && (
        <Skeleton height={160} radius="md" role="status" aria-busy="true" aria-label="Loading the run" />
      )}
      {run.data !== undefined && <Shown key={run.data.run_id} run={run.data} />}
    </Stack>
  );
};

const Shown = ({ run }: { run: Run }) => {
  useLiveRun(run);
  const [filter, setFilter] = useState<TargetFilter>('all');
  const { text, color } = runWords(run);
  const failures = failuresOf(run.counts);
  return (
    <Stack gap="lg">
      <div>
        <PageHeader
          title={firstLine(run.command)}
          text={`${machineCount(run.counts.total)}, started ${localTime(run.created_at)}`}
          actions={
            <>
              <Badge size="lg" color={color} variant="light" role="status">
                {text}
              </Badge>
              {!isOver(run) && <CancelButton run={run} />}
              {isOver(run) && failures > 0 && <AgainButton run={run} failures={failures} />}
              <SaveButton run={run} />
            </>
          }
        />
        {run.cause !== null && <Alert color="yellow">{causeSentence[run.cause]}</Alert>}
        {run.command.includes('\n') && (
          <Code block className={classes.preview} tabIndex={0} role="region" aria-label="The command">
            {run.command}
          </Code>
        )}
      </div>
      <Counts counts={run.counts} />
      <RunGroups run={run} onFilter={setFilter} />
      <RunTargets run={run} filter={filter} onFilter={setFilter} />
    </Stack>
  );
};

const Counts = ({ counts }: { counts: RunCounts }) => {
  const share = (count: number): number => (counts.total === 0 ? 0 : (count / counts.total) * 100);
  return (
    <Stack gap={6}>
      <Progress.Root size="lg" radius="md" aria-hidden="true">
        <Progress.Section value={share(counts.succeeded)} color="green" />
        <Progress.Section value={share(counts.failed + counts.timed_out)} color="red" />
        <Progress.Section value={share(counts.unreachable + counts.not_started)} color="yellow" />
        <Progress.Section value={share(counts.cancelled)} color="gray" />
        <Progress.Section value={share(counts.running + counts.sent)} color="blue" striped animated />
      </Progress.Root>
      <Text size="sm" role="status">
        {countWords(counts)}
      </Text>
    </Stack>
  );
};

const CancelButton = ({ run }: { run: Run }) => {
  const [asking, setAsking] = useState(false);
  const cancel = useCancelRun(run.run_id);
  return (
    <>
      <Button
        variant="default"
        disabled={run.state === 'cancelling' && run.cause !== 'too_many_failures'}
        leftSection={<IconPlayerStop size={16} aria-hidden />}
        onClick={() => setAsking(true)}
      >
        Cancel run
      </Button>
      {asking && (
        <ConfirmDialog
          title="Cancel this run?"
          keep="Leave it running"
          confirm="Cancel run"
          pending={cancel.isPending}
          failed="The run could not be cancelled"
          error={cancel.error}
          onClose={() => setAsking(false)}
          onConfirm={() => cancel.mutate(undefined, { onSuccess: () => setAsking(false) })}
        >
          <Text size="sm">No further machine begins, and the commands that run now are ended. Their changes stay.</Text>
        </ConfirmDialog>
      )}
    </>
  );
};

const AgainButton = ({ run, failures }: { run: Run; failures: number }) => {
  const start = useStartRun();
  const navigate = useNavigate();
  const { command, environment, timeout_seconds, concurrency, linux_user, stop_after_failures } = run;
  const again = (): void =>
    start.mutate(
      {
        ...{ command, environment, timeout_seconds, concurrency, arguments: run.arguments, failed_of: run.run_id },
        ...(linux_user !== null && { linux_user }),
        ...(stop_after_failures !== null && { stop_after_failures }),
      },
      { onSuccess: ({ run_id }) => void navigate({ to: `/runs/${run_id}` }) },
    );
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconRepeat size={16} aria-hidden />}
        loading={start.isPending}
        onClick={again}
      >
        Run again on {failures} failed
      </Button>
      {start.isError && <Failure title="It could not be run again" error={start.error} />}
    </>
  );
};

const SaveButton = ({ run }: { run: Run }) => {
  const save = useSaveRun();
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconDownload size={16} aria-hidden />}
        loading={save.isPending}
        onClick={() => save.mutate(run)}
      >
        Download
      </Button>
      {save.isError && <Failure title="It could not be downloaded" error={save.error} />}
    </>
  );
};
