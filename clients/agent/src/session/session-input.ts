import type { UpFrame } from '@webxterm/contracts/frames';
import { type DriverTracker, OutputAges, type Ring } from '@webxterm/stream';
import type { Attachment } from '../attachment/attachment.ts';
import { InputPump, type InputSink } from '../shell/input-pump.ts';
import type { Driver } from './driver.ts';
import type { Participants } from './participants.ts';

/**
 * Longest age of a query, in ms, for a reply to be accepted. The program no longer waits for a later reply, so it would count as typed
 * input.
 */
const longestAnswerMs = 4000;

export type SessionInputOptions = {
  process: InputSink;
  ring: Ring;
  tracker: DriverTracker;
  driver: Driver;
  participants: Pick<Participants, 'isGuest' | 'mayType' | 'typed'>;
  /** The attachments of the session by `writerOf`. */
  attachments: ReadonlyMap<string, Attachment>;
  hasEnded(): boolean;
  /** A key was typed by somebody who may type. */
  used(): void;
  /** ms on a monotonic clock. */
  now(): number;
};

/** The input of all viewers of one session. Applies each byte of a viewer once and in order, and drops replies to queries that are too old. */
export class SessionInput {
  readonly #options: SessionInputOptions;
  readonly #pump: InputPump;
  readonly #ages = new OutputAges();

  constructor(options: SessionInputOptions) {
    this.#options = options;
    this.#pump = new InputPump(options.process);
  }

  /**
   * Handles an input frame. An empty one makes its viewer the driver, unless it is a guest. Whether a guest may type is decided when its
   * bytes are written, because the owner may take typing back, or the share may end, while they wait.
   */
  receive(from: Attachment, frame: Extract<UpFrame, { type: 'input' }>): void {
    const { driver, participants, attachments, hasEnded, used } = this.#options;
    const { gate, writer } = from;
    const guest = participants.isGuest(from);
    if (frame.payload.length === 0) {
      if (!frame.reply && !hasEnded() && !guest) {
        driver.typed(from);
        used();
      }
      return;
    }
    const verdict = gate.receive(frame.offset, frame.payload);
    if (verdict.kind !== 'take') {
      const type = verdict.kind === 'reset' ? 'input_reset' : 'input_ack';
      from.outgoing.sendControl({ type, applied: gate.applied, limit: gate.limit });
      return;
    }
    if (hasEnded()) return;
    if (!frame.reply) participants.typed(from);
    if (!frame.reply && !guest) driver.typed(from);
    if (!frame.reply && (!guest || participants.mayType(writer))) used();
    this.#pump.push({
      bytes: verdict.bytes,
      discard: frame.reply && (!driver.is(writer) || this.#isLate(from, frame.earlier)),
      ...(guest && { allowed: () => participants.mayType(writer) }),
      onApplied: (count) => {
        gate.apply(count);
        attachments.get(writer)?.ackInput();
      },
    });
  }

  /** The process has written output at `headBefore`. It may contain a query. */
  wrote(headBefore: number): void {
    this.#ages.wrote(headBefore, this.#options.now());
  }

  /** The first output that the viewer had not acknowledged before this attachment, or the last that it has received if that is unknown. */
  earlierQueries(writer: string, receivedUpTo: number): number {
    const { current } = this.#options.tracker;
    const acked = current?.driver === writer ? current.progress?.acked : undefined;
    return Math.min(acked ?? receivedUpTo, receivedUpTo - 1);
  }

  /** Writes nothing to the process until it is called with false. */
  freeze(frozen: boolean): void {
    this.#pump.freeze(frozen);
  }

  /** The process has ended. Drops queued input. */
  close(): void {
    this.#pump.close();
  }

  /**
   * Whether the query of a reply is too old. An emulator replies before it acknowledges the query, so the query is at or after the first
   * unacknowledged offset: that of this attachment, or of the attachment before it for an earlier reply.
   */
  #isLate(from: Attachment, earlier: boolean): boolean {
    const { ring, now } = this.#options;
    const query = earlier ? from.earlierQueries : from.cursor.acked;
    return this.#ages.of(query, ring.head, now()) > longestAnswerMs;
  }
}
