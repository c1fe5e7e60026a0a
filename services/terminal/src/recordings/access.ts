import { AppError } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import type { MachineCalls } from '../sessions/machine-calls.ts';
import type { RecordingRecord } from './record.ts';
import type { RecordingScope, RecordingStore } from './store.ts';

export interface RecordingAccessOptions {
  readonly store: Pick<RecordingStore, 'find'>;
  readonly machines: Pick<MachineCalls, 'has' | 'machinesWith'>;
}

/**
 * Who may play and delete recordings. Administrators have `record_play` and `manage` on every machine, also on those that were removed, which
 * no hub knows any more.
 */
export class RecordingAccess {
  readonly #options: RecordingAccessOptions;

  constructor(options: RecordingAccessOptions) {
    this.#options = options;
  }

  /** @throws AppError recording_not_found, also without the right; unavailable */
  async playable(caller: Caller, recordingId: string, requestId: string): Promise<RecordingRecord> {
    const record = await this.#options.store.find(recordingId);
    const { agent_id } = record;
    if (caller.role === 'admin' || (await this.#options.machines.has(caller, agent_id, 'record_play', requestId)))
      return record;
    throw new AppError('recording_not_found');
  }

  /** @throws AppError recording_not_found; forbidden for a caller who may only play it; unavailable */
  async deletable(caller: Caller, recordingId: string, requestId: string): Promise<RecordingRecord> {
    const record = await this.playable(caller, recordingId, requestId);
    if (caller.role === 'admin' || (await this.#options.machines.has(caller, record.agent_id, 'manage', requestId)))
      return record;
    throw new AppError('forbidden');
  }

  /** What a caller may list. @throws AppError unavailable; invalid_input if there are too many machines to list all at once */
  async scope(caller: Caller, machine: string | undefined, requestId: string): Promise<RecordingScope> {
    const { machines } = this.#options;
    if (caller.role === 'admin') return 'all';
    if (machine !== undefined) return (await machines.has(caller, machine, 'record_play', requestId)) ? [machine] : [];
    const { agentIds, more } = await machines.machinesWith(caller, 'record_play', requestId);
    if (more)
      throw new AppError('invalid_input', 'You have too many machines to list all recordings. Name one machine.');
    return agentIds;
  }
}
