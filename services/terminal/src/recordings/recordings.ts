import { randomBytes } from 'node:crypto';
import { withinDeadline } from '@webxterm/contracts/deadline';
import { AppError, type Logger, PeriodicTask, reasonOf } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { SessionStore } from '../sessions/store.ts';
import { recordingEventFact, recordingFact } from './audit.ts';
import { leaseMs, type NewRecording, type RecordingClaims } from './claims.ts';
import type { DataKeys } from './data-keys.ts';
import type { RecordingPolicies } from './policies.ts';
import type { RecordingEventName, RecordingRecord } from './record.ts';
import { type KnownEnd, Recorder, type RecorderEnd, type RecorderOptions } from './recorder.ts';
import type { RecordingStore } from './store.ts';

export interface RecordingsOptions extends Pick<RecorderOptions, 'attach' | 'chunks' | 'logger'> {
  /** The name of this instance. */
  readonly instance: string;
  readonly keys: DataKeys;
  readonly claims: RecordingClaims;
  readonly store: Pick<RecordingStore, 'unrecorded' | 'markRecorded'>;
  readonly sessions: Pick<SessionStore, 'find'>;
  readonly policies: Pick<RecordingPolicies, 'keepDays'>;
  readonly auditor: Pick<Auditor, 'record' | 'count'>;
  readonly logger: Logger;
}

/** How often claims are renewed, and recordings without a live instance are looked for. */
const everyMs = leaseMs / 3;
/** Recordings that are taken over in one round. */
const claimsPerRound = 50;
/** A session whose recording was begun is opened within this time, or another round decides about it. */
const openedWithinMs = 120_000;
/** A viewer waits this long for the recorder of a session that must be recorded. */
const recorderWithinMs = 10_000;
const batchSize = 100;

/** A recording of which this instance has the claim. */
interface Claimed {
  readonly record: RecordingRecord;
  recorder: Recorder | undefined;
  readonly beganAt: number;
}

export const cannotBeRecorded = (cause?: unknown): AppError =>
  new AppError(
    'recording_unavailable',
    'Terminals on this machine must be recorded, and this one cannot be recorded right now. Try again shortly.',
    { cause },
  );

/** The recordings that this instance makes. It takes over those whose instance has died. */
export class Recordings {
  readonly #options: RecordingsOptions;
  readonly #claimed = new Map<string, Claimed>();
  readonly #rounds = new PeriodicTask(everyMs, () => this.#round());
  #stopped = false;

  constructor(options: RecordingsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#rounds.start();
  }

  /** Stores what has arrived, and gives all claims up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#rounds.stop();
    await Promise.all(
      [...this.#claimed.values()].map(async ({ record, recorder }) => {
        await recorder?.stop();
        await this.#options.claims.release(record.lease?.token ?? '');
      }),
    );
    this.#claimed.clear();
  }

  /** Names the recording of a session that is about to be opened. @throws AppError recording_unavailable */
  async begin(session: Omit<NewRecording, 'recordingId' | 'key'>): Promise<void> {
    const { claims, keys, instance } = this.#options;
    const recordingId = randomBytes(16).toString('base64url');
    try {
      const record = await claims.begin({ ...session, recordingId, key: keys.create(recordingId).stored }, instance);
      this.#claimed.set(session.sessionId, { record, recorder: undefined, beganAt: performance.now() });
    } catch (error) {
      throw cannotBeRecorded(error);
    }
  }

  /** The session was opened. Resolves when its recorder is attached. @throws AppError recording_unavailable, or the refusal of the machine */
  async opened(sessionId: string): Promise<void> {
    const claimed = this.#claimed.get(sessionId);
    if (claimed === undefined) throw cannotBeRecorded();
    if (claimed.recorder !== undefined) return;
    const ready = new Promise<void>((resolve, reject) => this.#record(claimed, resolve, reject));
    await withinDeadline(recorderWithinMs, ready, () => cannotBeRecorded());
  }

  /** `refused` is called for each refusal of the machine. The recorder tries again. */
  #record(claimed: Claimed, opened: () => void, refused: (error: AppError) => void): void {
    const { record } = claimed;
    const { keys, logger } = this.#options;
    const key = record.key && keys.open(record.recording_id, record.key);
    if (key === undefined) {
      logger.error({ recording_id: record.recording_id }, 'the key of a recording cannot be opened');
      this.#claimed.delete(record.session_id);
      refused(cannotBeRecorded());
      return;
    }
    let wasRefused = false;
    const recorder = new Recorder({
      ...this.#options,
      record,
      key,
      opened,
      sessionEnd: (sessionId) => this.#sessionEnd(sessionId),
      refused: (error) => {
        logger.warn({ recording_id: record.recording_id, code: error.code }, 'a recorder is refused');
        if (!wasRefused) this.#gap(record, error.code, {});
        wasRefused = true;
        refused(error);
      },
      gap: (bytes) => this.#gap(record, 'recorder_behind', { bytes }),
      ended: (end) => this.#ended(record, end),
      lost: () => {
        if (this.#claimed.get(record.session_id) === claimed) this.#claimed.delete(record.session_id);
      },
    });
    claimed.recorder = recorder;
    void recorder.start();
    void this.#tell(record, 'began');
  }

  async #sessionEnd(sessionId: string): Promise<KnownEnd> {
    try {
      const { status, cause, exit_code, signal } = await this.#options.sessions.find({ kind: 'any' }, sessionId);
      if (status === 'active') return undefined;
      return { cause: cause ?? 'unknown', exitCode: exit_code, signal, opened: status === 'closed' };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'session_not_found') throw error;
      return { cause: 'unknown', exitCode: null, signal: null, opened: false };
    }
  }

  #gap(record: RecordingRecord, reason: string, more: { readonly bytes?: number }): void {
    const about = recordingFact(record);
    void this.#options.auditor.count(`${record.recording_id} ${reason}`, {
      ...about,
      action: 'recording_gap',
      result: 'failed',
      reason,
      actor: { kind: 'service' },
      details: { ...about.details, ...more },
    });
  }

  /** @returns whether the end is stored */
  async #ended(record: RecordingRecord, end: RecorderEnd): Promise<boolean> {
    const { claims, sessions, policies, logger } = this.#options;
    try {
      if (!end.opened) await claims.forget(record.recording_id);
      else {
        const session = await sessions.find({ kind: 'any' }, record.session_id).catch(() => undefined);
        const keepDays = await policies.keepDays();
        const ended = await claims.end(record.lease?.token ?? '', { ...end, title: session?.title ?? '', keepDays });
        if (ended !== undefined) await this.#tell(ended, 'ended');
      }
      this.#claimed.delete(record.session_id);
      return true;
    } catch (error) {
      // The claim runs out, and a later round finds the end again.
      logger.warn(
        { recording_id: record.recording_id, reason: reasonOf(error) },
        'the end of a recording was not stored',
      );
      this.#claimed.delete(record.session_id);
      return false;
    }
  }

  /** Never fails. An event that cannot be audited now stays in `untold`. */
  async #tell(record: RecordingRecord, event: RecordingEventName): Promise<void> {
    const { auditor, store, logger } = this.#options;
    try {
      await auditor.record(recordingEventFact(record, event));
      await store.markRecorded(record.recording_id, event);
    } catch (error) {
      logger.warn(
        { recording_id: record.recording_id, reason: reasonOf(error) },
        'a recording event waits for the audit',
      );
    }
  }

  /** Never fails. */
  async #round(): Promise<void> {
    try {
      await this.#renew();
      for (let count = 0; count < claimsPerRound && !this.#stopped; count += 1) {
        const record = await this.#options.claims.claim(this.#options.instance);
        if (record === undefined) break;
        this.#takeOver(record);
      }
      for (const record of await this.#options.store.unrecorded(batchSize))
        for (const event of record.untold) await this.#tell(record, event);
    } catch (error) {
      this.#options.logger.warn({ reason: reasonOf(error) }, 'claims on recordings could not be renewed, retrying');
    }
  }

  async #renew(): Promise<void> {
    const now = performance.now();
    for (const [sessionId, { recorder, beganAt }] of this.#claimed)
      if (recorder === undefined && now - beganAt > openedWithinMs) this.#claimed.delete(sessionId);
    const held = [...this.#claimed].map(([sessionId, claimed]) => ({
      sessionId,
      claimed,
      token: claimed.record.lease?.token ?? '',
    }));
    if (held.length === 0) return;
    const kept = new Set(await this.#options.claims.renew(held.map(({ token }) => token)));
    for (const { sessionId, claimed, token } of held) {
      if (kept.has(token) || this.#claimed.get(sessionId) !== claimed) continue;
      claimed.recorder?.abandon();
      this.#claimed.delete(sessionId);
    }
  }

  #takeOver(record: RecordingRecord): void {
    const { logger, instance } = this.#options;
    // This instance has lost the claim without noticing.
    this.#claimed.get(record.session_id)?.recorder?.abandon();
    const claimed: Claimed = { record, recorder: undefined, beganAt: performance.now() };
    this.#claimed.set(record.session_id, claimed);
    logger.info({ recording_id: record.recording_id, instance }, 'a recording is taken over');
    this.#record(
      claimed,
      () => {},
      () => {},
    );
  }
}
