import { stallSlack, TimeMarks } from '@webxterm/stream';
import type { HandedSession } from './handed-session.ts';

/** `required`: the process waits for its recorder. */
export type RecordingPolicy = 'on' | 'required';

export type SessionRecordingOptions = {
  ringSize: number;
  policy: RecordingPolicy;
  /** The recording of an earlier agent process that this one continues. */
  handed?: NonNullable<HandedSession['recording']>;
  /** ms on a monotonic clock. */
  now(): number;
};

/**
 * The name under which a recorder is waited for when the session has ended. It stands for whichever recorder comes, because the one that
 * broke off may be replaced by another.
 */
export const anyRecorder = 'recorder';

/** The recording of one session: the times of its output, and what the recorder has stored. */
export class SessionRecording {
  readonly times = new TimeMarks();
  readonly #options: SessionRecordingOptions;
  readonly #startedAt: number;
  #required: boolean;
  /** Output before this offset is stored. Undefined: no recorder has attached yet. */
  #stored: number | undefined;

  constructor(options: SessionRecordingOptions) {
    const { policy, handed, now } = options;
    this.#options = options;
    this.#required = policy === 'required';
    this.#startedAt = now() - (handed?.ageMs ?? 0);
    this.#stored = handed?.stored;
    this.times.restore(handed?.times.map(([offset, ms]) => ({ offset, ms })) ?? []);
  }

  /** A recorder attaches at an offset. A recording that is required stays required. */
  attached(from: number, policy: RecordingPolicy): void {
    this.#required ||= policy === 'required';
    this.#stored ??= from;
  }

  /** A recorder has stored all output before this offset. */
  stored(offset: number): void {
    this.#stored = Math.max(this.#stored ?? 0, offset);
  }

  /** Output was written, starting at `offset`. `tail`: the oldest byte that is kept. */
  wrote(offset: number, tail: number): void {
    this.times.wrote(offset, Math.max(0, Math.round(this.#options.now() - this.#startedAt)));
    this.times.trim(tail);
  }

  /** Whether the process must wait, because no recorder has come yet, or because output that is not stored would leave the ring. */
  mustStall(head: number): boolean {
    if (!this.#required) return false;
    return this.#stored === undefined || head - this.#stored >= this.#options.ringSize - stallSlack;
  }

  handOver(): NonNullable<HandedSession['recording']> {
    return {
      required: this.#required,
      stored: this.#stored,
      ageMs: this.#options.now() - this.#startedAt,
      times: this.times.all().map(({ offset, ms }) => [offset, ms]),
    };
  }
}
