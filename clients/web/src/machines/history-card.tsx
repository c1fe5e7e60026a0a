import { Group, Paper, SegmentedControl, Skeleton, Text } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import classes from './cards.module.css';
import chart from './history-card.module.css';
import { linePath } from './line-path.ts';
import { useMetrics } from './manage-queries.ts';

const spans = [
  { value: '1', label: '1 hour' },
  { value: '24', label: '1 day' },
  { value: '168', label: '7 days' },
];
const lines = [
  ['cpu_percent', 'CPU'],
  ['memory_percent', 'Memory'],
  ['disk_percent', 'Disk'],
] as const;

/** Load history of a machine. */
export const HistoryCard = ({ agentId }: { agentId: string }) => {
  const [hours, setHours] = useState('1');
  const metrics = useMetrics(agentId, Number(hours));
  return (
    <Paper className={classes.card} component="section" aria-label="History">
      <Group justify="space-between" mb="md">
        <h2 className={classes.heading} style={{ margin: 0 }}>
          History
        </h2>
        <SegmentedControl size="xs" data={spans} value={hours} onChange={setHours} aria-label="Time shown" />
      </Group>
      {metrics.isError && (
        <Failure title="History could not be fetched" error={metrics.error} onRetry={() => void metrics.refetch()} />
      )}
      {metrics.isPending && <Skeleton height={130} radius="md" role="status" aria-label="Fetching history" />}
      {metrics.data !== undefined && (
        <Chart points={metrics.data.points} stepSeconds={metrics.data.step_seconds} hours={Number(hours)} />
      )}
    </Paper>
  );
};

type Point = Readonly<Record<(typeof lines)[number][0], number>> & { readonly at: string };

const Chart = (props: { points: readonly Point[]; stepSeconds: number; hours: number }) => {
  const { points, stepSeconds, hours } = props;
  if (points.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing was measured in this time. One reading a minute is kept while the machine is online.
      </Text>
    );
  const to = Date.now();
  const span = { from: to - hours * 3_600_000, to, gapMs: stepSeconds * 2500 };
  const last = points.at(-1);
  return (
    <>
      <svg className={chart.chart} viewBox="0 0 600 100" preserveAspectRatio="none" role="img">
        <title>
          {lines.map(([field, name]) => `${name} ${Math.round(last?.[field] ?? 0)} %`).join(', ')} at the last reading
        </title>
        {[0, 50, 100].map((y) => (
          <line key={y} className={chart.grid} x1="0" x2="600" y1={y} y2={y} />
        ))}
        {lines.map(([field]) => (
          <path
            key={field}
            className={chart.line}
            data-line={field}
            d={linePath(
              points.map((point) => ({ at: Date.parse(point.at), value: point[field] })),
              span,
            )}
          />
        ))}
      </svg>
      <Group gap="md" mt="xs" aria-hidden>
        {lines.map(([field, name]) => (
          <span key={field} className={chart.key} data-line={field}>
            {name}
          </span>
        ))}
        <Text size="xs" c="dimmed" ml="auto">
          0 to 100 %
        </Text>
      </Group>
    </>
  );
};
