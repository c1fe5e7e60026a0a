import { Alert, Anchor, Badge, Button, Group, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { IconArrowLeft, IconFolder } from '@tabler/icons-react';
import { getRouteApi, Link } from '@tanstack/react-router';
import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import type { Machine } from '@webxterm/contracts/rest';
import { ApiError } from '@webxterm/rest-client';
import { lazy, Suspense, useState } from 'react';
import { usePageTitle } from '../brand/page-title.ts';
import { Failure } from '../layout/failure.tsx';
import { ago, duration, gigabytes, localTime } from '../layout/format.ts';
import { NotFound } from '../layout/not-found.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { MachineSessions } from '../sessions/machine-sessions.tsx';
import classes from './cards.module.css';
import { useMachine, useRights } from './machine-queries.ts';
import { isShared } from './machine-rights.ts';
import { OpenTerminal } from './machine-table.tsx';
import { useUpdateMachine } from './manage-queries.ts';
import { Meter } from './meter.tsx';
import { useNow } from './now.ts';
import { platform } from './platform-name.ts';
import { Status } from './status.tsx';

const MachineActions = lazy(() =>
  import('./machine-actions.tsx').then((module) => ({ default: module.MachineActions })),
);
const LeaveMachine = lazy(() => import('./leave-machine.tsx').then((module) => ({ default: module.LeaveMachine })));
const MachineManagement = lazy(() =>
  import('./machine-management.tsx').then((module) => ({ default: module.MachineManagement })),
);

const ReinstallDialog = lazy(() =>
  import('./reinstall-dialog.tsx').then((module) => ({ default: module.ReinstallDialog })),
);

const route = getRouteApi('/signed-in/framed/machines/$agentId');

export const MachinePage = () => {
  const { agentId } = route.useParams();
  const machine = useMachine(agentId);
  usePageTitle(machine.data?.name ?? 'Machine');
  if (machine.error instanceof ApiError && machine.error.status === 404)
    return <NotFound title="No such machine" text="It may have been removed, or it is not shared with you." />;
  return (
    <Stack gap="md">
      <Anchor component={Link} to="/" size="sm" c="dimmed" w="fit-content">
        <Group gap={6}>
          <IconArrowLeft size={15} aria-hidden /> All machines
        </Group>
      </Anchor>
      {machine.isError && (
        <Failure
          title={failureTitle(machine.error, machine.data !== undefined)}
          error={machine.error}
          onRetry={() => void machine.refetch()}
        />
      )}
      {isUnreadable(machine.error) && (
        <Suspense>
          <Group>
            <LeaveMachine agentId={agentId} name="this machine" />
          </Group>
        </Suspense>
      )}
      {machine.isPending && <Ghost />}
      {machine.data !== undefined && <Details machine={machine.data} />}
    </Stack>
  );
};

const isUnreadable = (error: Error | null): boolean => error instanceof ApiError && error.code === 'unexpected_answer';

const failureTitle = (error: Error, shown: boolean): string => {
  if (isUnreadable(error)) return "This machine's details cannot be read";
  return shown ? 'This page may be out of date' : 'The machine could not be loaded';
};

const Details = ({ machine }: { machine: Machine }) => {
  const rights = useRights(machine);
  const manages = rights.includes('manage');
  return (
    <>
      <PageHeader
        title={machine.name}
        text={
          <Group gap="sm" component="span">
            <Status status={machine.status} />
            {machine.tags.map((tag) => (
              <Badge key={tag} color="gray">
                {tag}
              </Badge>
            ))}
            {machine.description}
          </Group>
        }
        actions={
          <>
            {manages && (
              <Suspense>
                <MachineActions machine={machine} />
              </Suspense>
            )}
            {isShared(machine) && (
              <Suspense>
                <LeaveMachine agentId={machine.agent_id} name={machine.name} />
              </Suspense>
            )}
            {rights.includes('files_read') && machine.status !== 'pending' && (
              <Button
                component={Link}
                to={`/machines/${machine.agent_id}/files`}
                variant="default"
                leftSection={<IconFolder size={16} aria-hidden />}
              >
                Files
              </Button>
            )}
            <OpenTerminal machine={machine} size="sm" />
          </>
        }
      />
      {machine.new_from !== null && manages && <NewMachine machine={machine} address={machine.new_from} />}
      {machine.notice !== null && manages && <KeyNotice machine={machine} notice={machine.notice} />}
      {machine.status === 'pending' ? (
        <NotConnected machine={machine} manages={manages} />
      ) : (
        <Paper className={classes.card} component="section" aria-label="Load">
          <h2 className={classes.heading}>Right now</h2>
          <Load machine={machine} />
        </Paper>
      )}
      <Paper className={classes.card} component="section" aria-label="Facts">
        <h2 className={classes.heading}>About this machine</h2>
        <Facts machine={machine} />
      </Paper>
      {machine.status !== 'pending' && (
        <Paper className={classes.card} component="section" aria-label="Sessions on this machine">
          <h2 className={classes.heading}>Running sessions</h2>
          <MachineSessions machine={machine} />
        </Paper>
      )}
      <Suspense fallback={<Skeleton height={180} radius="lg" />}>
        <MachineManagement machine={machine} />
      </Suspense>
    </>
  );
};

/** Instructions for a machine that has never connected. */
const NotConnected = ({ machine, manages }: { machine: Machine; manages: boolean }) => {
  const [connecting, setConnecting] = useState(false);
  return (
    <Paper className={classes.card} component="section" aria-label="Connect this machine">
      <h2 className={classes.heading}>Connect this machine</h2>
      <Group justify="space-between" gap="sm">
        <Text size="sm" maw="46rem">
          {manages
            ? 'The agent of this machine has never connected. Get the install command, run it on the machine, and this page changes by itself. A command from before is valid for an hour.'
            : 'The agent of this machine has never connected. Its owner can get the install command on this page.'}
        </Text>
        {manages && <Button onClick={() => setConnecting(true)}>Get the install command</Button>}
      </Group>
      {connecting && (
        <Suspense>
          <ReinstallDialog machine={machine} onClose={() => setConnecting(false)} />
        </Suspense>
      )}
    </Paper>
  );
};

/** The machine was enrolled with the owner's API key. The owner must learn of it, in case they did not do it. */
const NewMachine = ({ machine, address }: { machine: Machine; address: string }) => {
  const update = useUpdateMachine(machine.agent_id);
  return (
    <Alert variant="light" color="blue" radius="lg" title={`New, from ${address}`}>
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          It was enrolled with the API key of its owner. If that was not you, remove it and regenerate your API key.
        </Text>
        <Button size="xs" variant="default" loading={update.isPending} onClick={() => update.mutate({ known: true })}>
          I know this machine
        </Button>
      </Group>
    </Alert>
  );
};

/** Warns that two agents use the machine's key, or that another agent took it over. */
const KeyNotice = ({ machine, notice }: { machine: Machine; notice: NonNullable<Machine['notice']> }) => {
  const update = useUpdateMachine(machine.agent_id);
  const cloned = notice.kind === 'cloned';
  const { address, other_address: other } = notice;
  return (
    <Alert
      variant="light"
      color={cloned ? 'red' : 'blue'}
      radius="lg"
      title={
        cloned
          ? `Two agents, at ${other} and at ${address}, have the key of this machine`
          : `A new agent, at ${address}`
      }
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          {cloned
            ? 'The disk was copied, or somebody has the key file. Only one of them is connected at a time. On the copy, run “vsay-agent uninstall”, then configure its agent anew. If you know of no copy, reinstall this machine.'
            : `It took the place of the agent at ${other} on ${localTime(notice.at)}. If that was not you, reinstall this machine.`}
        </Text>
        <Button size="xs" variant="default" loading={update.isPending} onClick={() => update.mutate({ known: true })}>
          {cloned ? 'I have dealt with it' : 'I know this agent'}
        </Button>
      </Group>
    </Alert>
  );
};

const Load = ({ machine }: { machine: Machine }) => {
  const stats = machine.status === 'online' ? machine.resource_stats : null;
  if (stats === null)
    return (
      <Text c="dimmed" size="sm">
        {machine.status === 'online'
          ? 'Waiting for the first measurement.'
          : 'Load is shown while the machine is online.'}
      </Text>
    );
  return (
    <div className={classes.gauges}>
      <Meter label="CPU" percent={stats.cpu_percent} />
      <Meter label="Memory" percent={stats.memory_percent} />
      <Meter label="Disk" percent={stats.disk_percent} />
      <span className={classes.throughput}>
        Network in / out
        <b>
          {stats.network_inbound.toFixed(2)} / {stats.network_outbound.toFixed(2)} MB/s
        </b>
      </span>
    </div>
  );
};

/** Such as "ubuntu, deploy, any other user with a login shell". */
const accounts = (users: readonly string[]): string =>
  users.map((user) => (user === anyLinuxUser ? 'any other user with a login shell' : user)).join(', ');

const Facts = ({ machine }: { machine: Machine }) => {
  const now = useNow();
  const { metadata } = machine;
  const facts: readonly (readonly [string, string])[] = [
    ['Host name', metadata.hostname],
    ['System', platform(machine)],
    ['Shells run as', accounts(metadata.linux_users ?? [metadata.linux_user])],
    ['Processors', metadata.cpu_cores > 0 ? String(metadata.cpu_cores) : ''],
    ['Memory', metadata.mem_total_mb > 0 ? gigabytes(metadata.mem_total_mb) : ''],
    ['Disk', metadata.disk_total_gb > 0 ? `${metadata.disk_total_gb} GB` : ''],
    ['Uptime', machine.status === 'online' && machine.uptime_seconds > 0 ? duration(machine.uptime_seconds) : ''],
    ['Address', machine.ip_address],
    ['Agent', machine.agent_version],
    ['Last seen', machine.last_active === null ? 'never' : ago(Date.parse(machine.last_active), now)],
    ['Added', localTime(machine.created_at)],
    ['ID', machine.agent_id],
  ];
  return (
    <dl className={classes.facts}>
      {facts
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
};

const Ghost = () => (
  <Stack role="status" aria-busy="true" aria-label="Loading the machine">
    <Skeleton height={34} width={240} />
    <Skeleton height={120} radius="lg" />
    <Skeleton height={220} radius="lg" />
  </Stack>
);
