import { Group, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { DashboardStats, RecentActivity } from '../api/machine-calls.ts';
import { useServer } from '../api/server-context.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { Failure } from '../layout/failure.tsx';
import { ago } from '../layout/format.ts';
import { PageHeader } from '../layout/page-header.tsx';
import cards from '../machines/cards.module.css';
import { MachineTable } from '../machines/machine-table.tsx';
import { useNow } from '../machines/now.ts';
import classes from './dashboard-page.module.css';

const everyMs = 10_000;

const useDashboard = () => {
  const server = useServer();
  const options = { refetchInterval: everyMs };
  return {
    stats: useQuery({
      queryKey: ['dashboard', 'stats'],
      queryFn: ({ signal }) => server.dashboardStats(signal),
      ...options,
    }),
    machines: useQuery({
      queryKey: ['dashboard', 'machines'],
      queryFn: ({ signal }) => server.recentMachines(signal),
      ...options,
    }),
    activity: useQuery({
      queryKey: ['dashboard', 'activity'],
      queryFn: ({ signal }) => server.recentActivity(signal),
      ...options,
    }),
  };
};

/** Overview of the user's machines. */
export const DashboardPage = () => {
  usePageTitle('Dashboard');
  const now = useNow();
  const { stats, machines, activity } = useDashboard();
  const failed = [stats, machines, activity].find((query) => query.isError);
  return (
    <Stack gap="md">
      <PageHeader title="Dashboard" />
      {failed !== undefined && (
        <Failure title="Not everything could be loaded" error={failed.error} onRetry={() => void failed.refetch()} />
      )}
      {stats.data === undefined ? (
        <Skeleton height={96} radius="lg" role="status" aria-label="Loading figures" />
      ) : (
        <Figures stats={stats.data} />
      )}
      <Paper className={cards.card} component="section" aria-label="Recent machines">
        <h2 className={cards.heading}>Recently active</h2>
        {machines.data === undefined && (
          <Skeleton height={120} radius="md" role="status" aria-label="Loading machines" />
        )}
        {machines.data !== undefined && noneOf(machines.data) && (
          <Text size="sm" c="dimmed">
            You have no machines yet. <Link to="/machines/add">Add one</Link>
          </Text>
        )}
        {machines.data !== undefined && !noneOf(machines.data) && (
          <MachineTable columns={['load', 'seen']} {...machines.data} now={now} />
        )}
      </Paper>
      <Paper className={cards.card} component="section" aria-label="Recent activity">
        <h2 className={cards.heading}>Recent activity</h2>
        {activity.data === undefined ? (
          <Skeleton height={80} radius="md" role="status" aria-label="Loading activity" />
        ) : (
          <Activity items={activity.data.activity} now={now} />
        )}
      </Paper>
    </Stack>
  );
};

const noneOf = (list: { machines: readonly unknown[]; unreadable: readonly unknown[] }): boolean =>
  list.machines.length + list.unreadable.length === 0;

const percent = (value: number | null): string => (value === null ? '–' : `${Math.round(value)} %`);

const Figures = ({ stats }: { stats: DashboardStats }) => {
  const figures: readonly (readonly [string, string])[] = [
    ['Machines', String(stats.total_machines)],
    ['Online', String(stats.active_machines)],
    ['My terminals', String(stats.total_sessions)],
    ['CPU on average', percent(stats.avg_cpu)],
    ['Memory', percent(stats.avg_memory)],
    ['Disk', percent(stats.avg_disk)],
  ];
  return (
    <dl className={classes.figures}>
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
};

const words: Record<RecentActivity['activity'][number]['what'], string> = {
  added: 'added',
  removed: 'removed',
  renamed: 'renamed',
  granted: 'gave access to',
  revoked: 'removed access to',
  left: 'left',
  command: 'ran a command on',
  handed_over: 'became the owner of',
  replaced: 'reinstalled',
};

const Activity = ({ items, now }: { items: RecentActivity['activity']; now: number }) =>
  items.length === 0 ? (
    <Text size="sm" c="dimmed">
      No activity yet on the machines that you own.
    </Text>
  ) : (
    <ul className={classes.activity}>
      {items.map((item) => (
        <li key={item.id}>
          <Group justify="space-between" gap="sm" wrap="nowrap">
            <Text size="sm" style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
              <b>{item.username}</b> {words[item.what]} <b>{item.machine_name}</b>
              {item.detail !== '' && <span className={classes.detail}> {item.detail}</span>}
              {!item.success && ' (failed)'}
            </Text>
            <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
              {ago(Date.parse(item.timestamp), now)}
            </Text>
          </Group>
        </li>
      ))}
    </ul>
  );
