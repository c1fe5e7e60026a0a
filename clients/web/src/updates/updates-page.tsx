import { Alert, Badge, Button, Group, Paper, Progress, Skeleton, Stack, Text } from '@mantine/core';
import type { Rollout } from '@webxterm/contracts/rest';
import { usePageTitle } from '../brand/page-title.ts';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { NotFound } from '../layout/not-found.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import classes from '../machines/cards.module.css';
import { useUser } from '../sign-in/sign-in-context.ts';
import { useChangeRollout, useRollouts } from './rollout-queries.ts';

const names = { stable: 'Stable', preview: 'Preview' } as const;
const states: Readonly<Record<Rollout['state'], { text: string; color: string }>> = {
  idle: { text: 'Nothing published', color: 'gray' },
  running: { text: 'Updating', color: 'blue' },
  paused: { text: 'Paused', color: 'yellow' },
  stopped: { text: 'Stopped', color: 'red' },
  finished: { text: 'Finished', color: 'green' },
};

/** The roll-out of agent versions, for administrators. */
export const UpdatesPage = () => {
  usePageTitle('Updates');
  const me = useUser();
  if (me !== undefined && me.role !== 'admin')
    return <NotFound title="Administrators only" text="Updates of your own machines are on their pages." />;
  return <Rollouts />;
};

const Rollouts = () => {
  const rollouts = useRollouts();
  return (
    <>
      <PageHeader
        title="Updates"
        text="New versions of the agent reach the machines in waves. Open terminals stay open."
      />
      <Stack gap="md">
        {rollouts.isError && (
          <Failure
            title={rollouts.data === undefined ? 'The updates could not be loaded' : 'This page may be out of date'}
            error={rollouts.error}
            onRetry={() => void rollouts.refetch()}
          />
        )}
        {rollouts.isPending && <Skeleton height={180} radius="lg" role="status" aria-label="Loading the updates" />}
        {rollouts.data?.map((rollout) => (
          <Channel key={rollout.channel} rollout={rollout} />
        ))}
      </Stack>
    </>
  );
};

const Channel = ({ rollout }: { rollout: Rollout }) => {
  const { channel, version, released, state, reason, wave, waves, wave_percent, machines } = rollout;
  const change = useChangeRollout(channel);
  const held = state === 'paused' || state === 'stopped';
  return (
    <Paper className={classes.card} component="section" aria-label={`Channel ${names[channel]}`}>
      <Group justify="space-between" mb="sm">
        <Group gap="sm">
          <h2 className={classes.heading} style={{ margin: 0 }}>
            {names[channel]}
          </h2>
          <Badge color={states[state].color} variant="light">
            {states[state].text}
          </Badge>
        </Group>
        {state !== 'idle' && (
          <Button
            size="xs"
            variant="default"
            loading={change.isPending}
            onClick={() => change.mutate(!held)}
            aria-label={`${held ? 'Resume' : 'Pause'} ${names[channel]}`}
          >
            {held ? 'Resume' : 'Pause'}
          </Button>
        )}
      </Group>
      <Stack gap="sm">
        {version !== null && (
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            Version {version}
            {released !== null && <span>, released {localTime(released)}</span>}. Wave {wave} of {waves}: {wave_percent}{' '}
            % of the machines.
          </Text>
        )}
        {state === 'stopped' && (
          <Alert variant="light" color="red" radius="md" title="Too many machines failed">
            {reason} Other machines keep their version. Look at the machines that failed, then publish another version,
            or resume.
          </Alert>
        )}
        {change.isError && <Failure title="It could not be changed" error={change.error} />}
        {(version !== null || machines.total > 0) && <Machines machines={machines} />}
      </Stack>
    </Paper>
  );
};

const Machines = ({ machines }: { machines: Rollout['machines'] }) => {
  const { total, up_to_date, updating, failed } = machines;
  const share = (count: number): number => (total === 0 ? 0 : (100 * count) / total);
  const facts: readonly (readonly [string, number])[] = [
    ['Machines', total],
    ['Up to date', up_to_date],
    ['Updating', updating],
    ['Waiting', machines.waiting],
    ['On hold or pinned', machines.held],
    ['Failed', failed],
    ['Cannot update', machines.unsupported],
  ];
  return (
    <>
      <Progress.Root size="sm" aria-hidden>
        <Progress.Section value={share(up_to_date)} color="green" />
        <Progress.Section value={share(updating)} color="blue" />
        <Progress.Section value={share(failed)} color="red" />
      </Progress.Root>
      <dl className={classes.facts}>
        {facts.map(([name, count]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{count}</dd>
          </div>
        ))}
      </dl>
    </>
  );
};
