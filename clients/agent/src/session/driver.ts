import {
  type Departure,
  type DriverTracker,
  initialOutputLimit,
  type Progress,
  type Ring,
  type SizeMarks,
  type Writers,
} from '@webxterm/stream';
import { type Attachment, type Viewer, writerOf } from '../attachment/attachment.ts';
import type { SizedProcess, WindowSize } from './session-kind.ts';
import type { Stall } from './stall.ts';

export type DriverOptions = {
  tracker: DriverTracker;
  ring: Ring;
  marks: SizeMarks;
  writers: Writers;
  attachments: ReadonlyMap<string, Attachment>;
  /** Undefined: the session has no window size. */
  window: Pick<SizedProcess, 'resize'> | undefined;
  stall: Stall;
  /** Why the process must wait, besides for the driver. Undefined: it need not. */
  waitsFor(): string | undefined;
  hasEnded(): boolean;
  /** ms on a monotonic clock. */
  now(): number;
};

/** The driver of one session: its window size applies, and its flow control pauses reading from the process. */
export class Driver {
  readonly #options: DriverOptions;
  #frozen = false;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  is(writer: string): boolean {
    return this.#options.tracker.driver === writer;
  }

  /** Whether this viewer may pause reading from the process. */
  holds(writer: string): boolean {
    return this.is(writer) && this.#options.tracker.holds;
  }

  /** The driver whose connection broke and that may still attach again within its hold. */
  get brokenHolder(): string | undefined {
    return this.#options.tracker.brokenHolder;
  }

  /** A viewer attaches at an offset. `withinHold`: it attached again within its hold, so it has missed little: the process stalled at its limit. */
  attach(viewer: Viewer, offset: number): { driver: boolean; withinHold: boolean } {
    const { tracker, hasEnded, now } = this.#options;
    if (viewer.role !== 'control' || hasEnded()) return { driver: false, withinHold: false };
    const progress = { acked: offset, limit: offset + initialOutputLimit };
    return tracker.attach(writerOf(viewer), progress, now());
  }

  /** A viewer typed, so it becomes the driver. */
  typed(from: Attachment): void {
    if (this.is(from.writer)) return;
    this.#options.tracker.typed(from.writer, progressOf(from), this.#options.now());
    if (from.wantedSize !== undefined) this.applySize(from.wantedSize);
    this.#sendDriver();
    this.regulate();
  }

  progress(from: Attachment): void {
    this.#options.tracker.progress(from.writer, progressOf(from), this.#options.now());
    this.#sendDriver();
    this.regulate();
  }

  visible(from: Attachment, visible: boolean): void {
    this.#options.tracker.visible(from.writer, visible, progressOf(from), this.#options.now());
    this.#sendDriver();
    this.regulate();
  }

  /** Applies the driver's size. Another viewer's size is stored until it drives. No effect if the session has no window size. */
  resize(from: Attachment, size: WindowSize): void {
    if (this.#options.window === undefined) return;
    from.wantedSize = size;
    if (this.is(from.writer)) this.applySize(size);
  }

  applySize(size: WindowSize): void {
    const { marks, ring, attachments, window } = this.#options;
    if (this.#frozen) return;
    if (!marks.add({ offset: ring.head, ...size })) return;
    // A viewer that is catching up may be at an offset before the ring.
    marks.trim(Math.min(ring.tail, ...[...attachments.values()].map(({ cursor }) => cursor.next)));
    window?.resize(size);
    for (const attachment of attachments.values()) attachment.outgoing.kick();
  }

  /** The attachment of the viewer has ended. The input offset of a driver that may come back is kept. */
  leave(writer: string, departure: Departure): void {
    const { tracker, writers, now } = this.#options;
    tracker.leave(writer, departure, now());
    if (tracker.brokenHolder !== writer) writers.leave(writer);
    this.regulate();
  }

  /** The process has written output at `headBefore`. */
  wrote(headBefore: number): void {
    this.#options.tracker.wrote(headBefore, this.#options.now());
  }

  /** The process has ended, so nothing pauses the rest of its output. */
  release(): void {
    this.#options.tracker.release();
  }

  /** Pauses or resumes reading from the process according to the driver's hold. */
  regulate(): void {
    const { stall, tracker, ring, hasEnded, waitsFor } = this.#options;
    stall.set(!hasEnded() && (tracker.mustStall(ring.head) || waitsFor() !== undefined));
  }

  /** Stops resizes and reading until it is called with false. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    this.#options.stall.freeze(frozen);
  }

  /** Ends expired holds and logs long stalls. Called about once a second. `session`: the id for the log. */
  tick(session: string): void {
    const { tracker, ring, attachments, writers, stall, now } = this.#options;
    const holder = tracker.brokenHolder;
    tracker.expire(ring.head, now());
    if (holder !== undefined && tracker.brokenHolder !== holder && !attachments.has(holder)) writers.leave(holder);
    this.#sendDriver();
    this.regulate();
    stall.tick({ session, head: ring.head, reason: this.#stallReason(holder) });
  }

  #stallReason(holder: string | undefined): string {
    const other = this.#options.waitsFor();
    if (other !== undefined) return other;
    return holder === undefined ? 'the driver allows no more output' : 'the driver broke off and may come back';
  }

  #sendDriver(): void {
    for (const attachment of this.#options.attachments.values())
      attachment.sendDriver(this.is(attachment.writer), this.holds(attachment.writer));
  }
}

const progressOf = ({ cursor }: Attachment): Progress => ({ acked: cursor.acked, limit: cursor.limit });
