import { StreamProtocolError } from './input-gate.ts';

/** Consecutive output that is new for the viewer. `live`: it is no replay, so the emulator may reply to its queries. */
export type FreshOutput = { offset: number; bytes: Uint8Array; live: boolean };
/** Output from `from` (included) to `to` (excluded) that this viewer will never receive. */
export type OutputGap = { from: number; to: number };

/** A report is sent per eighth of a window, so about 8 are on their way during a round trip. The rest is reserve. */
const maxSentLimits = 64;

/**
 * The output of one session, on the viewer's side. Passes each byte on once and in order, reports gaps, and computes the sender's limit.
 * Rendering may lag behind receiving.
 */
export class OutputReader {
  #next: number;
  #rendered: number;
  #liveFrom = 0;
  #limit = 0;
  #sent: { acked: number; limit: number } | undefined;
  /** Limits sent, oldest first and strictly increasing: those that may still be on their way, and one older. */
  #sentLimits: { at: number; limit: number }[] = [];
  #limited = false;

  /** `from`: the viewer has every byte before this. */
  constructor(from: number) {
    this.#next = from;
    this.#rendered = from;
  }

  /** Every byte before this offset was received or reported as a gap. */
  get next(): number {
    return this.#next;
  }

  /** Every byte before this offset is rendered or was reported as a gap. */
  get rendered(): number {
    return this.#rendered;
  }

  /** Whether output was rendered after the last report to the sender. */
  get hasUnsentAck(): boolean {
    return this.#sent !== undefined && this.#rendered > this.#sent.acked;
  }

  /** Whether the output that is being rendered is a replay. */
  get replaying(): boolean {
    return this.#rendered < this.#liveFrom;
  }

  /**
   * The viewer has attached (again). The stream continues at `offset` and is live from `liveFrom`.
   * @returns the gap before `offset`
   */
  accepted(offset: number, liveFrom: number): OutputGap | undefined {
    this.#liveFrom = liveFrom;
    this.#limit = 0;
    this.#sent = undefined;
    this.#sentLimits = [];
    this.#limited = false;
    return this.gap(offset);
  }

  /** The stream continues at `to`. @returns the output before `to` that the viewer lacks, or undefined if it has all of it */
  gap(to: number): OutputGap | undefined {
    if (to <= this.#next) return undefined;
    const lost = { from: this.#next, to };
    this.#next = to;
    this.#rendered = to;
    return lost;
  }

  /**
   * Takes an output frame.
   * @returns the new part of it, split where replay changes to live output
   * @throws StreamProtocolError if output before the frame is missing and was not reported as a gap
   */
  output(offset: number, payload: Uint8Array): FreshOutput[] {
    if (offset > this.#next)
      throw new StreamProtocolError(`output at ${offset} skips bytes after ${this.#next} without a gap frame`);
    const from = this.#next;
    const bytes = payload.subarray(from - offset);
    if (offset + payload.length <= from) return [];
    this.#next = offset + payload.length;
    if (this.#limit !== 0 && this.#next >= this.#limit) this.#limited = true;
    const replayed = Math.min(Math.max(this.#liveFrom - from, 0), bytes.length);
    return [
      { offset: from, bytes: bytes.subarray(0, replayed), live: false },
      { offset: from + replayed, bytes: bytes.subarray(replayed), live: true },
    ].filter((part) => part.bytes.length > 0);
  }

  /** All output before `offset` is rendered. */
  renderedUpTo(offset: number): void {
    this.#rendered = Math.max(this.#rendered, Math.min(offset, this.#next));
  }

  /**
   * Whether the limit has stopped the sender since the last call. `receivedBefore`: limits sent until then had reached the sender when it sent
   * the latest output (now - round trip). On a long path, newer limits are sent long before the sender reaches the old one and stops, so
   * the latest limit must not be used.
   */
  takeLimited(receivedBefore: number): boolean {
    const newer = this.#sentLimits.findIndex(({ at }) => at > receivedBefore);
    this.#sentLimits.splice(0, (newer === -1 ? this.#sentLimits.length : newer) - 1);
    const latest = this.#sentLimits[0];
    const limited =
      this.#limited || (latest !== undefined && latest.at <= receivedBefore && this.#next >= latest.limit);
    this.#limited = false;
    return limited;
  }

  /**
   * Whether ack and limit should be sent. `now`: the sender may soon be stopped. `soon`: there is only an ack to send, which can wait.
   * `window`: bytes allowed beyond the rendered output. `inFlight`: bytes that arrive before a limit sent now takes effect.
   */
  due(window: number, inFlight: number): 'now' | 'soon' | 'no' {
    if (this.#sent === undefined) return 'now';
    if (this.#rendered + window - this.#limit >= window / 8 && this.#limit - this.#next < window / 2 + inFlight)
      return 'now';
    return this.#rendered > this.#sent.acked ? 'soon' : 'no';
  }

  /** The ack and limit to send; both count as sent. The limit never decreases. `now`: ms on any monotonic clock. */
  takeLimit(window: number, now: number): { acked: number; limit: number } {
    const limit = this.#rendered + window;
    if (limit > this.#limit) {
      this.#limit = limit;
      // Limits older than the last `maxSentLimits` belong to a round trip that never completed.
      this.#sentLimits = [...this.#sentLimits.slice(-maxSentLimits), { at: now, limit }];
    }
    this.#sent = { acked: this.#rendered, limit: this.#limit };
    return this.#sent;
  }
}
