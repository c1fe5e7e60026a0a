import type { UpdateChannel, UpdatePolicy } from '@webxterm/contracts/rest';
import { Schema } from 'mongoose';

/**
 * `ordered`: sent to the agent. `installed`: starts when no command runs. `trial`: runs, and was not connected for a minute yet.
 * `failed`: the version does not work on the machine. `postponed`: it could not be fetched; it is ordered again later.
 */
export type OrderState = 'ordered' | 'downloading' | 'installed' | 'trial' | 'done' | 'failed' | 'postponed';

/** The last update order of a machine. */
export interface OrderRecord {
  version: string;
  state: OrderState;
  /** Of failed and postponed. */
  reason: string;
  /** When the state was last reported. */
  at: Date;
  ordered_at: Date;
}

/** The part of a machine's record that is about updates. Missing fields: nothing was reported or chosen. */
export interface MachineUpdates {
  /** Whether its agent announced the capability `update` at the last dial. */
  capable?: boolean;
  /** Whether its agent announced at the last dial that it is part of a container image. */
  part_of_image?: boolean;
  /** Of the latest release that its agent has accepted. */
  sequence?: number;
  /** The last version that its agent has rolled back. */
  failed?: { version: string; reason: string; at: Date } | null;
  policy?: UpdatePolicy;
  /** When somebody requested the update that has not been ordered yet. */
  requested_at?: Date | null;
  order?: OrderRecord;
}

/** The roll-out of the current release of a channel. */
export interface RolloutRecord {
  channel: UpdateChannel;
  version: string;
  /** When the release was signed. A hub that still has an older one changes nothing. */
  released: Date;
  /** From 0. */
  wave: number;
  /** The wave contains the machines whose rank for this version is at most this. */
  threshold: number;
  /** The number of those machines when the wave began. */
  size: number;
  wave_since: Date;
  /** Stays over later versions. */
  paused: boolean;
  /** Why it stopped by itself; null while it has not. */
  stopped: string | null;
  /** Failures that an administrator has accepted by resuming. */
  accepted_failures: number;
  /** The rate limit: the next machine may be ordered from then on. */
  next_order_at: Date;
}

const required = { type: String, required: true };

export const rolloutSchema = new Schema<RolloutRecord>(
  {
    channel: required,
    version: required,
    released: { type: Date, required: true },
    wave: { type: Number, required: true },
    threshold: { type: Number, required: true },
    size: { type: Number, required: true },
    wave_since: { type: Date, required: true },
    paused: { type: Boolean, default: false },
    stopped: { type: String, default: null },
    accepted_failures: { type: Number, default: 0 },
    next_order_at: { type: Date, required: true },
  },
  { collection: 'agent_rollouts', versionKey: false },
);
rolloutSchema.index({ channel: 1 }, { unique: true });
