import { type DownFrame, maxOutputFrame, maxTimeMarks, snapshotWindow } from '@webxterm/contracts/frames';
import {
  type NextOutput,
  OutputCursor,
  type OutputSource,
  type Ring,
  type SizeMarks,
  type TimeMarks,
} from '@webxterm/stream';
import type { ScreenSnapshot } from '../screen/messages.ts';
import { KeptOutput } from './kept-output.ts';
import { afterLineFeed } from './line-start.ts';

/** A viewer without the hold skips output when it is this far behind, or half the ring if that is less. */
const jumpBehind = 2 * 1024 * 1024;
/** A jump goes to the first line start in this many bytes before the head. */
const jumpBack = 256 * 1024;
/** Without a snapshot, the first line start is searched in this many bytes of the ring. */
const firstLineWithin = 64 * 1024;

export type FlowOptions = {
  ring: Ring;
  marks: SizeMarks;
  /** The viewer has all output before this offset. */
  from: number;
  /** End of the output that was written before the attach. */
  liveFrom: number;
  /** The size in the `accepted` frame. */
  size: { cols: number; rows: number };
  /** Whether the viewer supports snapshots, so it may skip output. Other viewers get a gap. */
  repaints: boolean;
  /** The times of the output, for a recorder. They are sent before the output. */
  times?: TimeMarks | undefined;
  /** Whether this viewer has the hold. */
  holds(): boolean;
};

type Next = NextOutput | { kind: 'frame'; frame: DownFrame };

/** The output stream for one viewer, in order: a snapshot if the viewer is behind the ring, size changes at their offsets, and bytes. */
export class OutputFlow {
  readonly cursor: OutputCursor;
  readonly #options: FlowOptions;
  readonly #jumpBehind: number;
  #frames: DownFrame[] = [];
  #size: { cols: number; rows: number };
  #kept: KeptOutput | undefined;
  #waiting = false;
  #snapshot: { source: ScreenSnapshot; sent: number } | undefined;
  #snapshotAcked = 0;
  /** The times of the output before this offset are sent. */
  #timedUpTo = 0;

  constructor(options: FlowOptions) {
    const { ring, from } = options;
    this.#options = options;
    this.#size = options.size;
    this.#jumpBehind = Math.min(jumpBehind, ring.size / 2);
    this.cursor = new OutputCursor(from);
    if (!options.repaints || from >= ring.tail) return;
    this.#waiting = true;
    this.#kept = new KeptOutput(ring, this.#jumpBehind + 2 * maxOutputFrame);
  }

  /** Whether it waits for `repaint`. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Whether all output is sent. */
  get complete(): boolean {
    return !this.#waiting && this.#frames.length === 0 && this.cursor.next >= this.#options.ring.head;
  }

  /** Continues with the requested snapshot. Undefined: no snapshot is available. */
  repaint(snapshot: ScreenSnapshot | undefined): void {
    this.#waiting = false;
    if (snapshot !== undefined && this.#kept?.prepend(snapshot.offset, snapshot.kept) === true) {
      this.#queueSize(snapshot.offset, snapshot);
      this.#snapshot = { source: snapshot, sent: 0 };
      return;
    }
    const { ring } = this.#options;
    this.#restart(afterLineFeed(ring, ring.tail, firstLineWithin));
  }

  /** The viewer has rendered this many bytes of the snapshot. */
  snapshotAcked(bytes: number): void {
    this.#snapshotAcked = Math.max(this.#snapshotAcked, bytes);
  }

  /** Keeps bytes that leave the ring, if this viewer still needs them. */
  evicted(offset: number, bytes: Uint8Array): void {
    this.#kept?.evicted(offset, bytes);
  }

  /** Bytes of output that could be sent now. Infinity if a control frame is due. */
  available(): number {
    if (this.#waiting) return 0;
    if (this.#frames.length > 0 || this.#partDue() || this.#mustJump() || this.#sizeDue()) return Infinity;
    return this.#snapshot === undefined ? this.cursor.available(this.#source) : 0;
  }

  /** Takes the next frame or output to send. Output has at most `max` bytes. */
  next(max: number): Next {
    if (this.#waiting) return { kind: 'nothing' };
    const frame = this.#frames.shift();
    if (frame !== undefined) return { kind: 'frame', frame };
    if (this.#snapshot !== undefined) return this.#nextPart(this.#snapshot);
    const { ring, marks } = this.#options;
    if (this.#mustJump()) {
      this.#restart(afterLineFeed(ring, Math.max(ring.tail, ring.head - jumpBack), jumpBack));
      return this.next(max);
    }
    if (this.#sizeDue()) {
      this.#queueSize(this.cursor.next, marks.at(this.cursor.next));
      return this.next(max);
    }
    const nextSize = marks.nextAfter(this.cursor.next) ?? Infinity;
    const length = Math.min(max, nextSize - this.cursor.next);
    const times = this.#nextTimes(length);
    if (times !== undefined) return { kind: 'frame', frame: times };
    const timed = this.#options.times === undefined ? Infinity : this.#timedUpTo - this.cursor.next;
    const next = this.cursor.take(this.#source, Math.min(length, timed));
    this.#kept?.sent(this.cursor.next);
    if (this.cursor.next >= ring.tail) this.#kept = undefined;
    return next;
  }

  /** The times of the next `length` bytes. Undefined: they are sent, or the next frame is a gap, or there is no output. */
  #nextTimes(length: number): DownFrame | undefined {
    const { times, ring } = this.#options;
    const { next } = this.cursor;
    if (times === undefined || next < ring.tail) return undefined;
    this.#timedUpTo = Math.max(this.#timedUpTo, next);
    const ready = Math.min(length, this.cursor.available(ring));
    if (ready <= 0 || this.#timedUpTo > next) return undefined;
    const marks = times.within(next, next + ready, maxTimeMarks);
    const [last] = marks.slice(-1);
    const full = marks.length === maxTimeMarks && last !== undefined && last.offset > next;
    this.#timedUpTo = full ? last.offset : next + ready;
    return marks.length === 0 ? undefined : { type: 'times', marks };
  }

  get #source(): OutputSource {
    return this.#kept ?? this.#options.ring;
  }

  /** Only while the limit allows output. A viewer that takes no output must not get a frame for each jump. */
  #mustJump(): boolean {
    const { ring, repaints, liveFrom, holds } = this.#options;
    const { next, limit } = this.cursor;
    if (!repaints || limit <= next) return false;
    if (next < this.#source.tail) return true;
    return ring.head - Math.max(next, liveFrom) > this.#jumpBehind && !holds();
  }

  #sizeDue(): boolean {
    const { cols, rows } = this.#options.marks.at(this.cursor.next);
    return this.#snapshot === undefined && (cols !== this.#size.cols || rows !== this.#size.rows);
  }

  #queueSize(offset: number, { cols, rows }: { cols: number; rows: number }): void {
    if (cols === this.#size.cols && rows === this.#size.rows) return;
    this.#size = { cols, rows };
    this.#frames.push({ type: 'size', offset, cols, rows });
  }

  /** Continues at `to` with an empty screen. */
  #restart(to: number): void {
    const from = this.cursor.next;
    this.#kept = undefined;
    this.#queueSize(to, this.#options.marks.at(to));
    this.#frames.push({ type: 'snapshot', offset: to, last: true, payload: new Uint8Array() });
    this.#frames.push({ type: 'gap', from, to });
    this.cursor.jump(to);
  }

  #partDue(): boolean {
    const snapshot = this.#snapshot;
    return snapshot !== undefined && snapshot.sent + maxOutputFrame - this.#snapshotAcked <= snapshotWindow;
  }

  #nextPart(snapshot: { source: ScreenSnapshot; sent: number }): Next {
    if (!this.#partDue()) return { kind: 'nothing' };
    const { offset, state } = snapshot.source;
    const payload = state.subarray(snapshot.sent, snapshot.sent + maxOutputFrame);
    snapshot.sent += payload.length;
    const last = snapshot.sent >= state.length;
    if (last) {
      this.#frames.push({ type: 'gap', from: this.cursor.next, to: offset });
      this.cursor.jump(offset);
      this.#snapshot = undefined;
    }
    return { kind: 'frame', frame: { type: 'snapshot', offset, last, payload } };
  }
}
