import '@mantine/charts/styles.layer.css';
import { LineChart } from '@mantine/charts';
import { Text } from '@mantine/core';
import { localTime, numberText } from '../layout/format.ts';
import { axisTime, type ChartRow, type Figure } from './chart-rows.ts';

interface Line {
  readonly name: Figure;
  readonly label: string;
  readonly color: string;
}

const load: readonly Line[] = [
  { name: 'cpu_percent', label: 'CPU', color: 'var(--wx-chart-1)' },
  { name: 'memory_percent', label: 'Memory', color: 'var(--wx-chart-2)' },
  { name: 'disk_percent', label: 'Disk', color: 'var(--wx-chart-3)' },
];
const network: readonly Line[] = [
  { name: 'network_inbound', label: 'Received', color: 'var(--wx-chart-1)' },
  { name: 'network_outbound', label: 'Sent', color: 'var(--wx-chart-2)' },
];

const percent = (value: number): string => `${Math.round(value)} %`;
const megabytes = (value: number): string => `${numberText(value, value < 10 ? 2 : 0)} MB/s`;

export interface HistoryChartProps {
  readonly rows: ChartRow[];
  readonly hours: number;
}

/** The load and the traffic of a machine over time. The pointer and the part that is zoomed in on are the same in both. */
export const HistoryChart = ({ rows, hours }: HistoryChartProps) => (
  <>
    <Chart title="Load" lines={load} rows={rows} hours={hours} format={percent} most={100} zoom />
    <Chart title="Network" lines={network} rows={rows} hours={hours} format={megabytes} />
  </>
);

const Chart = (
  props: HistoryChartProps & {
    title: string;
    lines: readonly Line[];
    format: (value: number) => string;
    /** The upper end of the axis. Undefined: the largest value. */
    most?: number;
    /** It has a slider for the part that is shown. */
    zoom?: boolean;
  },
) => {
  const { title, lines, rows, hours, format, most, zoom = false } = props;
  const last = rows.findLast(({ cpu_percent }) => cpu_percent !== null);
  const now = lines.map(({ name, label }) => `${label} ${format(last?.[name] ?? 0)}`).join(', ');
  return (
    <figure aria-label={`${title} over time. Last reading: ${now}`} style={{ margin: '0 0 1rem', overflowX: 'clip' }}>
      <Text component="figcaption" size="sm" fw={600} mb={4}>
        {title}
      </Text>
      <LineChart
        h={zoom ? 230 : 170}
        data={rows}
        dataKey="at"
        series={[...lines]}
        curveType="linear"
        withDots={false}
        connectNulls={false}
        withLegend
        legendProps={{ itemSorter: null }}
        withBrush={zoom}
        brushProps={{ tickFormatter: (at: number) => axisTime(at, hours), height: 24, ariaLabel: 'Time shown' }}
        valueFormatter={format}
        lineChartProps={{ syncId: 'machine-history' }}
        // A reading alone is a dot.
        lineProps={{ isAnimationActive: false, strokeLinecap: 'round' }}
        xAxisProps={{
          type: 'number',
          scale: 'time',
          domain: ['dataMin', 'dataMax'],
          tickFormatter: (at: number) => axisTime(at, hours),
          minTickGap: 48,
        }}
        yAxisProps={{ width: 74, domain: [0, most ?? 'auto'] }}
        tooltipProps={{ labelFormatter: (at) => (typeof at === 'number' ? localTime(new Date(at).toISOString()) : '') }}
      />
    </figure>
  );
};
