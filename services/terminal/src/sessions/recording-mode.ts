import type { RecordingMode } from '@webxterm/contracts/frames';
import type { MachineRecordingPolicy } from '@webxterm/contracts/rest';
import { defaultKind } from '@webxterm/contracts/session-kinds';

/** The policies for recordings, as a new session reads them. */
export interface RecordingModes {
  ofMachine(agentId: string): Promise<Pick<MachineRecordingPolicy, 'applies'>>;
}

/** Whether a new session is recorded. Only terminals are. @throws an error of the database */
export const recordingOfNew = async (
  policies: RecordingModes,
  agentId: string,
  kind: string,
): Promise<RecordingMode> => (kind === defaultKind ? (await policies.ofMachine(agentId)).applies.mode : 'off');
