import { Group, Paper, SegmentedControl, Skeleton, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import classes from './cards.module.css';
import { chartRows } from './chart-rows.ts';
import { useMetrics } from './manage-queries.ts';

const HistoryChart = lazy(() => import('./history-chart.tsx').then((module) => ({ default: module.HistoryChart })));

const spans = [
  { value: '1', label: '1 hour' },
  { value: '24', label: '1 day' },
  { value: '168', label: '7 days' },
  { value: '720', label: '30 days' },
];

/** The load and traffic of a machine over time. */
export const HistoryCard = ({ agentId }: { agentId: string }) => {
  const [hours, setHours] = useState('1');
  const metrics = useMetrics(agentId, Number(hours));
  const shown = { from: metrics.dataUpdatedAt - Number(hours) * 3_600_000, to: metrics.dataUpdatedAt };
  return (
    <Paper className={classes.card} component="section" aria-label="History">
      <Group justify="space-between" mb="md">
        <h2 className={classes.heading} style={{ margin: 0 }}>
          History
        </h2>
        <SegmentedControl size="xs" data={spans} value={hours} onChange={setHours} aria-label="Time shown" />
      </Group>
      {metrics.isError && (
        <Failure title="History could not be loaded" error={metrics.error} onRetry={() => void metrics.refetch()} />
      )}
      {metrics.isPending && <Waiting />}
      {metrics.data?.points.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing was measured in this time. One reading a minute is kept while the machine is online.
        </Text>
      )}
      {metrics.data !== undefined && metrics.data.points.length > 0 && (
        <Suspense fallback={<Waiting />}>
          <HistoryChart rows={chartRows(metrics.data.points, metrics.data.step_seconds, shown)} hours={Number(hours)} />
        </Suspense>
      )}
    </Paper>
  );
};

const Waiting = () => <Skeleton height={430} radius="md" role="status" aria-label="Loading history" />;
