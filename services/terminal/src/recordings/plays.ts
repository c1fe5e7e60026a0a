import type { Caller } from '@webxterm/shared/api';
import { type Auditor, auditEventId } from '@webxterm/shared/audit';
import { recordingFact } from './audit.ts';
import type { RecordingRecord } from './record.ts';

/** All chunks that a sign-in reads of a recording within this time are one play. */
const playMs = 3_600_000;
/** Limit of plays that are remembered as audited. A forgotten one is audited again under the same id, which makes no second row. */
const maxRemembered = 10_000;

/** Audits who plays which recording, or is shown its text by a search: one row an hour for each sign-in and recording. */
export class Plays {
  readonly #auditor: Pick<Auditor, 'record'>;
  readonly #now: () => number;
  readonly #audited = new Set<string>();

  constructor(auditor: Pick<Auditor, 'record'>, now: () => number) {
    this.#auditor = auditor;
    this.#now = now;
  }

  /** @throws AppError unavailable if it cannot be audited: nothing may be shown then */
  async record(
    { sid }: Pick<Caller, 'sid'>,
    record: RecordingRecord,
    action: 'recording_played' | 'recording_searched' = 'recording_played',
  ): Promise<void> {
    const hour = String(Math.floor(this.#now() / playMs));
    const eventId = auditEventId('recording', record.recording_id, action.slice('recording_'.length), sid, hour);
    if (this.#audited.has(eventId)) return;
    await this.#auditor.record({ ...recordingFact(record), action, eventId });
    this.#audited.add(eventId);
    const [oldest] = this.#audited;
    if (this.#audited.size > maxRemembered && oldest !== undefined) this.#audited.delete(oldest);
  }
}
