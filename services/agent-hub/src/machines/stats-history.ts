import type { ResourceStats } from '@webxterm/contracts/rest';
import { type Model, trusted } from 'mongoose';
import type { StatsRecord } from './stats-record.ts';

export interface History {
  readonly points: (ResourceStats & { readonly at: string })[];
  readonly step_seconds: number;
}

/** Limit of points in one answer. There is one reading per minute. */
const maxPoints = 300;
const readingEveryS = 60;
const maxDays = 31;

/** The smallest step in seconds, in whole minutes, that gives at most 300 points. */
export const stepFor = (from: Date, to: Date): number => {
  const seconds = (to.getTime() - from.getTime()) / 1000;
  return Math.max(1, Math.ceil(seconds / maxPoints / readingEveryS)) * readingEveryS;
};

/** The history of machine stats, as a time series. */
export class StatsHistory {
  readonly #stats: Model<StatsRecord>;

  constructor(stats: Model<StatsRecord>) {
    this.#stats = stats;
  }

  async save(readings: readonly StatsRecord[]): Promise<void> {
    if (readings.length > 0) await this.#stats.insertMany(readings, { ordered: false });
  }

  /** Averages over equal steps, oldest first. Steps without a reading are omitted. */
  async read(agentId: string, from: Date, to: Date): Promise<History> {
    const earliest = new Date(Math.max(from.getTime(), to.getTime() - maxDays * 86_400_000));
    const step = stepFor(earliest, to);
    const average = (field: string) => ({ $avg: `$${field}` });
    const found = await this.#stats.aggregate<ResourceStats & { _id: Date }>([
      { $match: { agent_id: agentId, at: trusted({ $gte: earliest, $lt: to }) } },
      {
        $group: {
          _id: { $dateTrunc: { date: '$at', unit: 'minute', binSize: step / readingEveryS } },
          cpu_percent: average('cpu_percent'),
          memory_percent: average('memory_percent'),
          disk_percent: average('disk_percent'),
          network_inbound: average('network_inbound'),
          network_outbound: average('network_outbound'),
        },
      },
      { $sort: { _id: 1 } },
      { $limit: maxPoints + 1 },
    ]);
    return { points: found.map(({ _id, ...stats }) => ({ ...stats, at: _id.toISOString() })), step_seconds: step };
  }
}
