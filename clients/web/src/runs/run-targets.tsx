import {
  Alert,
  Anchor,
  Badge,
  Button,
  Code,
  Group,
  SegmentedControl,
  Skeleton,
  Stack,
  Table,
  Text,
} from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Run, RunTarget } from '@webxterm/contracts/rest';
import { runLimits } from '@webxterm/contracts/run-limits';
import { Fragment, useId, useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { byteSize, duration } from '../layout/format.ts';
import { ListFailure } from '../layout/list-pages.tsx';
import { MoreButton } from '../layout/more-button.tsx';
import { type TargetFilter, useRunOutput, useRunTargets } from './run-queries.ts';
import { targetWords } from './run-words.ts';
import classes from './runs.module.css';

const choices = [
  { value: 'all', label: 'All' },
  { value: 'failed', label: 'Failed' },
  { value: 'succeeded', label: 'Done' },
  { value: 'cancelled', label: 'Cancelled' },
] as const;

const choiceOf = (value: string): TargetFilter => choices.find((choice) => choice.value === value)?.value ?? 'all';

interface RunTargetsProps {
  readonly run: Run;
  readonly filter: TargetFilter;
  readonly onFilter: (filter: TargetFilter) => void;
}

/** The machines of a run with their answers. */
export const RunTargets = ({ run, filter, onFilter }: RunTargetsProps) => {
  const list = useRunTargets(run.run_id, filter);
  const ofGroup = typeof filter !== 'string';
  return (
    <Stack gap="sm" component="section" aria-label="Machines">
      <Group justify="space-between" gap="sm">
        <SegmentedControl
          size="xs"
          aria-label="Machines that are shown"
          value={ofGroup ? '' : filter}
          data={[...choices]}
          onChange={(value) => onFilter(choiceOf(value))}
        />
        {ofGroup && (
          <Button size="xs" variant="default" onClick={() => onFilter('all')}>
            Show all answers
          </Button>
        )}
      </Group>
      <ListFailure failed="The machines could not be loaded" list={list} />
      {list.isPending && <Skeleton height={120} radius="md" role="status" aria-busy="true" aria-label="Loading" />}
      {list.data?.targets.length === 0 && <Text c="dimmed">No machine of this run is in this state.</Text>}
      {list.data !== undefined && list.data.targets.length > 0 && (
        <div className={classes.frame}>
          <Table className={classes.table} verticalSpacing={7} aria-label="Machines of this run">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Machine</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th className={classes.wide}>Took</Table.Th>
                <Table.Th className={classes.wide}>Output</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.data.targets.map((target) => (
                <Row key={target.agent_id} runId={run.run_id} target={target} />
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      <MoreButton list={list} label="Show more machines" />
    </Stack>
  );
};

const tookOf = ({ started_at, ended_at }: RunTarget): string =>
  started_at === null || ended_at === null ? '' : duration((Date.parse(ended_at) - Date.parse(started_at)) / 1000);

const Row = ({ runId, target }: { runId: string; target: RunTarget }) => {
  const [open, setOpen] = useState(false);
  const detail = useId();
  const { text, color } = targetWords(target);
  const bytes = target.stdout_bytes + target.stderr_bytes;
  const hasMore = target.message !== null || target.output_hash !== null;
  return (
    <Fragment>
      <Table.Tr>
        <Table.Td className={classes.nameCell}>
          {hasMore ? (
            <Button
              size="compact-sm"
              variant="subtle"
              aria-expanded={open}
              aria-controls={detail}
              leftSection={
                open ? <IconChevronDown size={15} aria-hidden /> : <IconChevronRight size={15} aria-hidden />
              }
              onClick={() => setOpen(!open)}
            >
              {target.name}
            </Button>
          ) : (
            <Text size="sm" px="xs">
              {target.name}
            </Text>
          )}
        </Table.Td>
        <Table.Td className={classes.number}>
          <Badge color={color} variant="light" miw="max-content">
            {text}
          </Badge>
        </Table.Td>
        <Table.Td className={`${classes.wide} ${classes.number}`}>{tookOf(target)}</Table.Td>
        <Table.Td className={`${classes.wide} ${classes.number}`}>{bytes > 0 && byteSize(bytes)}</Table.Td>
      </Table.Tr>
      {open && (
        <Table.Tr id={detail}>
          <Table.Td colSpan={4}>
            <Detail runId={runId} target={target} />
          </Table.Td>
        </Table.Tr>
      )}
    </Fragment>
  );
};

const Detail = ({ runId, target }: { runId: string; target: RunTarget }) => (
  <Stack gap="xs" py="xs">
    {target.message !== null && <Text size="sm">{target.message}</Text>}
    {target.output_hash !== null && <Output runId={runId} target={target} />}
    <Text size="sm" c="dimmed">
      {target.linux_user !== null && <>As {target.linux_user}. </>}
      <Anchor component={Link} to={`/machines/${target.agent_id}`} size="sm">
        Open the page of {target.name}
      </Anchor>
    </Text>
  </Stack>
);

const Output = ({ runId, target }: { runId: string; target: RunTarget }) => {
  const output = useRunOutput(runId, target.agent_id);
  if (output.isError)
    return <Failure title="The output cannot be shown" error={output.error} onRetry={() => void output.refetch()} />;
  if (output.data === undefined) return <Skeleton height={60} radius="md" aria-label="Loading the output" />;
  const { stdout, stderr, truncated } = output.data;
  return (
    <>
      {stdout === '' && stderr === '' && <Text size="sm">The command wrote nothing.</Text>}
      {stdout !== '' && <Stream label={`Output of ${target.name}`} text={stdout} />}
      {stderr !== '' && (
        <>
          <Text size="xs" fw={600} c="dimmed">
            Errors (stderr)
          </Text>
          <Stream label={`Errors of ${target.name}`} text={stderr} />
        </>
      )}
      {truncated && (
        <Alert color="yellow" p="xs">
          There was more output. The first {runLimits.output / 1024} KiB of each are kept.
        </Alert>
      )}
    </>
  );
};

/** Text of a machine, with the keyboard scrollable. */
const Stream = ({ label, text }: { label: string; text: string }) => (
  <Code block className={classes.output} tabIndex={0} role="region" aria-label={label}>
    {text}
  </Code>
);
