import { Badge, Button, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { IconPlayerPlay, IconPlus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Run } from '@webxterm/contracts/rest';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { MoreButton } from '../layout/more-button.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import sessions from '../sessions/session-rows.module.css';
import { useRuns } from './run-queries.ts';
import { countWords, firstLine, machineCount, runWords } from './run-words.ts';
import classes from './runs.module.css';

/** The runs of the user: commands on many machines. */
export const RunsPage = () => {
  usePageTitle('Runs');
  const runs = useRuns();
  const none = runs.data?.length === 0;
  return (
    <>
      <PageHeader
        title="Runs"
        text={none ? undefined : 'Commands that you ran on many machines, and the answer of each machine.'}
        actions={!none && <NewRunButton />}
      />
      <Stack>
        {runs.isError && (
          <Failure title="Your runs could not be loaded" error={runs.error} onRetry={() => void runs.refetch()} />
        )}
        {runs.isPending && (
          <Stack gap="sm" role="status" aria-busy="true" aria-label="Loading your runs">
            <Skeleton height={44} radius="md" />
            <Skeleton height={44} radius="md" />
          </Stack>
        )}
        {none && (
          <EmptyState
            icon={<IconPlayerPlay size={28} stroke={1.6} />}
            title="No runs yet"
            text="A run starts one command on many machines and shows the answer of each, equal answers together."
          >
            <NewRunButton />
          </EmptyState>
        )}
        {runs.data !== undefined && !none && (
          <Paper withBorder radius="md" px="md" component="section" aria-label="Runs">
            <ul className={sessions.rows}>
              {runs.data.map((run) => (
                <Row key={run.run_id} run={run} />
              ))}
            </ul>
          </Paper>
        )}
        <MoreButton list={runs} label="Show older runs" />
      </Stack>
    </>
  );
};

const NewRunButton = () => (
  <Button component={Link} to="/runs/new" leftSection={<IconPlus size={17} stroke={2.2} aria-hidden />}>
    Run a command
  </Button>
);

const Row = ({ run }: { run: Run }) => {
  const { text, color } = runWords(run);
  return (
    <li className={sessions.row}>
      <span className={sessions.icon} aria-hidden="true">
        <IconPlayerPlay size={19} stroke={1.7} />
      </span>
      <div className={sessions.text}>
        <Link to={`/runs/${run.run_id}`} className={classes.command}>
          {firstLine(run.command)}
        </Link>
        <Text size="sm" c="dimmed" className={sessions.about}>
          {machineCount(run.counts.total)} · {localTime(run.created_at)} · {countWords(run.counts)}
        </Text>
      </div>
      <Badge color={color} variant="light" miw="max-content">
        {text}
      </Badge>
    </li>
  );
};
