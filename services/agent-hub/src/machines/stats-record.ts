import type { ResourceStats } from '@webxterm/contracts/rest';
import { Schema } from 'mongoose';

/** One reading of a machine's stats in the time series. */
export interface StatsRecord extends ResourceStats {
  at: Date;
  agent_id: string;
}

/** History is kept for 30 days. */
const keptForS = 30 * 24 * 3600;
const figure = { type: Number, required: true };

export const statsSchema = new Schema<StatsRecord>(
  {
    at: { type: Date, required: true },
    agent_id: { type: String, required: true },
    cpu_percent: figure,
    memory_percent: figure,
    disk_percent: figure,
    network_inbound: figure,
    network_outbound: figure,
  },
  {
    collection: 'machine_stats',
    versionKey: false,
    timeseries: { timeField: 'at', metaField: 'agent_id', granularity: 'minutes' },
    expireAfterSeconds: keptForS,
  },
);
