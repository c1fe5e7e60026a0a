import type { MachineActivity } from '@webxterm/contracts/rest';
import { Schema } from 'mongoose';

/** One activity on a machine, for the dashboard of its owner. The audit log is authoritative. */
export interface ActivityRecord {
  agent_id: string;
  machine_name: string;
  owner_id: string;
  what: MachineActivity['what'];
  username: string;
  detail: string;
  success: boolean;
  at: Date;
}

const keptForS = 30 * 24 * 3600;
const text = { type: String, default: '' };

export const activitySchema = new Schema<ActivityRecord>(
  {
    agent_id: text,
    machine_name: text,
    owner_id: text,
    what: { type: String, required: true },
    username: text,
    detail: text,
    success: { type: Boolean, default: true },
    at: { type: Date, required: true },
  },
  { collection: 'machine_activity', versionKey: false },
)
  .index({ owner_id: 1, at: -1 })
  .index({ at: 1 }, { expireAfterSeconds: keptForS });
