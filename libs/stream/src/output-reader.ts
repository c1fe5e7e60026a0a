import { StreamProtocolError } from './input-gate.ts';

/** A stretch of output that the viewer did not have. `live`: not a replay, so the emulator may answer what it asks. */
export type FreshOutput = { offset: number; bytes: Uint8Array; live: boolean };
/** Output from `from` up to `to` that this viewer will never have. */
export type OutputGap = { from: number; to: number };

/** A window is told by eighths, so a round trip holds about so many; the rest is room. */
const maxTellings = 64;

/**
 * A viewer's side of the output: gives each byte once and in order, tells what is lost, and says how far the sender may go.
 * What is rendered may lag behind what was received.
 */
export class OutputReader {
  #next: number;
  #rendered: number;
  #liveFrom = 0;
  #limit = 0;
  #told: { acked: number; limit: number } | undefined;
  /** Limits told, oldest first, each larger than the one before: those that may still be on their way, and one older. */
  #tellings: { at: number; limit: number }[] = [];
  #limited = false;

  /** `from`: the viewer has every byte before this. */
  constructor(from: number) {
    this.#next = from;
    this.#rendered = from;
  }

  /** Every byte before this was received, or is told lost. */
  get next(): number {
    return this.#next;
  }

  /** Every byte before this is rendered, or is told lost. */
  get rendered(): number {
    return this.#rendered;
  }

  /** More is rendered than the sender was told. */
  get hasUntold(): boolean {
    return this.#told !== undefined && this.#rendered > this.#told.acked;
  }

  /** What is being rendered now was output of the past. */
  get replaying(): boolean {
    return this.#rendered < this.#liveFrom;
  }

  /**
   * The viewer is attached (again): the stream goes on at `offset`, live from `liveFrom`.
   * @returns what was lost before it
   */
  accepted(offset: number, liveFrom: number): OutputGap | undefined {
    this.#liveFrom = liveFrom;
    this.#limit = 0;
    this.#told = undefined;
    this.#tellings = [];
    this.#limited = false;
    return this.gap(offset);
  }

  /** The stream goes on at `to`. @returns what of it the viewer does not have; undefined when it has it all */
  gap(to: number): OutputGap | undefined {
    if (to <= this.#next) return undefined;
    const lost = { from: this.#next, to };
    this.#next = to;
    this.#rendered = to;
    return lost;
  }

  /**
   * What is new of an output frame, cut where replay turns into live output.
   * @throws StreamProtocolError for a hole that nobody told
   */
  output(offset: number, payload: Uint8Array): FreshOutput[] {
    if (offset > this.#next)
      throw new StreamProtocolError(`output at ${offset} leaves a hole after ${this.#next} that was not told`);
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

  /** Everything before `offset` is rendered. */
  renderedUpTo(offset: number): void {
    this.#rendered = Math.max(this.#rendered, Math.min(offset, this.#next));
  }

  /**
   * Whether the sender has been held up by the limit since this was last asked. `heardBefore`: limits told until then had
   * reached the sender when it sent what came last (now - round trip). Over a long way a newer limit has been told long
   * before the sender comes to the old one and stops, so what was told last says nothing.
   */
  takeLimited(heardBefore: number): boolean {
    const newer = this.#tellings.findIndex(({ at }) => at > heardBefore);
    this.#tellings.splice(0, (newer === -1 ? this.#tellings.length : newer) - 1);
    const heard = this.#tellings[0];
    const limited = this.#limited || (heard !== undefined && heard.at <= heardBefore && this.#next >= heard.limit);
    this.#limited = false;
    return limited;
  }

  /**
   * Whether the sender should hear of ack and limit: `now` when it may soon be held up, `soon` when there is only an ack to
   * tell, which can wait for a pause. `window`: bytes allowed beyond what is rendered. `inFlight`: bytes that come while a
   * word to the sender and its effect are on their way.
   */
  due(window: number, inFlight: number): 'now' | 'soon' | 'no' {
    if (this.#told === undefined) return 'now';
    if (this.#rendered + window - this.#limit >= window / 8 && this.#limit - this.#next < window / 2 + inFlight)
      return 'now';
    return this.#rendered > this.#told.acked ? 'soon' : 'no';
  }

  /** What to tell the sender. The limit never moves back. `now`: ms on any clock that does not go back. */
  tell(window: number, now: number): { acked: number; limit: number } {
    const limit = this.#rendered + window;
    if (limit > this.#limit) {
      this.#limit = limit;
      // The oldest that are kept too long are of a round trip that never ended.
      this.#tellings = [...this.#tellings.slice(-maxTellings), { at: now, limit }];
    }
    this.#told = { acked: this.#rendered, limit: this.#limit };
    return this.#told;
  }
}
