import { type Right, rightsEverywhere } from '@webxterm/contracts/rights';
import { AppError } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import type { MachineCalls } from '../sessions/machine-calls.ts';
import type { RecordingRecord } from './record.ts';
import type { RecordingScope, RecordingStore } from './store.ts';

export interface RecordingAccessOptions {
  readonly store: Pick<RecordingStore, 'find'>;
  readonly machines: Pick<MachineCalls, 'has' | 'machinesWith'>;
}

/** Decides which recordings a caller may play and delete: by the rights `record_play` and `manage` on the machine. */
export class RecordingAccess {
  readonly #options: RecordingAccessOptions;

  constructor(options: RecordingAccessOptions) {
    this.#options = options;
  }

  /** @throws AppError recording_not_found, also without the right; unavailable */
  async playable(caller: Caller, recordingId: string, requestId: string): Promise<RecordingRecord> {
    const record = await this.#options.store.find(recordingId);
    if (await this.#may(caller, record.agent_id, 'record_play', requestId)) return record;
    throw new AppError('recording_not_found');
  }

  /** @throws AppError recording_not_found; forbidden for a caller who may only play it; unavailable */
  async deletable(caller: Caller, recordingId: string, requestId: string): Promise<RecordingRecord> {
    const record = await this.playable(caller, recordingId, requestId);
    if (await this.#may(caller, record.agent_id, 'manage', requestId)) return record;
    throw new AppError('forbidden');
  }

  /** The recordings that a caller may list. @throws AppError unavailable; invalid_input if there are too many machines to list all at once */
  async scope(caller: Caller, machine: string | undefined, requestId: string): Promise<RecordingScope> {
    const { machines } = this.#options;
    if (hasEverywhere(caller, 'record_play')) return machine === undefined ? 'all' : [machine];
    if (machine !== undefined) return (await machines.has(caller, machine, 'record_play', requestId)) ? [machine] : [];
    const { agentIds, more } = await machines.machinesWith(caller, 'record_play', requestId);
    if (more)
      throw new AppError('invalid_input', 'You have too many machines to list all recordings. Name one machine.');
    return agentIds;
  }

  async #may(caller: Caller, agentId: string, right: Right, requestId: string): Promise<boolean> {
    return hasEverywhere(caller, right) || this.#options.machines.has(caller, agentId, right, requestId);
  }
}

/** Whether the caller has the right on every machine, also on removed machines, which no hub knows any more. */
const hasEverywhere = ({ role, token }: Caller, right: Right): boolean =>
  token === undefined && rightsEverywhere(role === 'admin').includes(right);
