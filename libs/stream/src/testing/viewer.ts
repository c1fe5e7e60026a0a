import { StreamProtocolError } from '../input-gate.ts';
import { InputQueue } from '../input-queue.ts';
import { type OutputGap, OutputReader } from '../output-reader.ts';
import type { Machine } from './machine.ts';
import { isPatternAt, patternAt } from './pattern.ts';
import { type Down, Wire } from './wire.ts';

const windows = { frame: 1024, window: 8 * 1024, queue: 64 * 1024 };

/** One viewer over several attachments: the output it was shown, and the input it typed. */
export class Viewer {
  readonly writer: string;
  readonly #machine: Machine;
  readonly #reader = new OutputReader(0);
  readonly #queue = new InputQueue(windows);
  #attachedOnce = false;
  #wire: Wire | undefined;
  /** Broken attachments of this viewer whose frames may still arrive at the machine. */
  readonly late: Wire[] = [];
  /** All output before this offset was shown or reported as a gap. */
  shown = 0;
  readonly gaps: OutputGap[] = [];
  typed = 0;
  applied = 0;
  /** Ranges of the typed bytes that are replies of an emulator. */
  readonly #replies: { from: number; to: number }[] = [];

  constructor(writer: string, machine: Machine) {
    this.writer = writer;
    this.#machine = machine;
  }

  get wire(): Wire | undefined {
    return this.#wire;
  }

  get done(): boolean {
    return this.#queue.size === 0 && this.applied === this.typed && this.#reader.rendered === this.#machine.ring.head;
  }

  attach(): void {
    if (this.#wire !== undefined) return;
    this.#wire = new Wire();
    this.#machine.attach(this.writer, this.#wire, this.#attachedOnce ? this.#reader.next : undefined);
  }

  /** The connection breaks. `noticed`: the machine detects it too. Otherwise frames already sent may still arrive. */
  break(noticed: boolean): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    this.#wire = undefined;
    wire.cut = true;
    if (noticed) this.#machine.depart(wire, 'broken');
    else this.late.push(wire);
  }

  leave(): void {
    const wire = this.#wire;
    this.#wire = undefined;
    if (wire !== undefined) this.#machine.depart(wire, 'left');
  }

  type(length: number, reply: boolean): void {
    if (!this.#queue.push(patternAt(this.typed, length), reply)) return;
    const before = this.#replies.at(-1);
    if (reply && before?.to === this.typed) before.to += length;
    else if (reply) this.#replies.push({ from: this.typed, to: this.typed + length });
    this.typed += length;
  }

  flush(): void {
    if (this.#wire === undefined || !this.#attachedOnce) return;
    for (let frame = this.#queue.next(); frame !== undefined; frame = this.#queue.next())
      this.#wire.up.push({ type: 'input', offset: frame.offset, reply: frame.reply, bytes: frame.payload });
  }

  /** Receives the oldest frame on its way to this viewer. */
  receive(): void {
    const frame = this.#wire?.down.shift();
    if (frame === undefined) return;
    try {
      this.#act(frame);
    } catch (error) {
      // Output is missing without a gap frame. The viewer attaches again to get it.
      if (!(error instanceof StreamProtocolError)) throw error;
      this.break(true);
    }
  }

  /** Renders up to `bytes` bytes of the received output, and reports it to the machine. */
  render(bytes: number, window: number): void {
    this.#reader.renderedUpTo(this.#reader.rendered + bytes);
    if (this.#wire === undefined || !this.#attachedOnce) return;
    if (this.#reader.due(window, 0) !== 'no')
      this.#wire.up.push({ type: 'limit', ...this.#reader.takeLimit(window, this.#machine.now) });
  }

  visible(visible: boolean): void {
    this.#wire?.up.push({ type: 'visible', visible });
  }

  /** The terminal has taken or dropped these bytes of this viewer. */
  wasApplied(bytes: Uint8Array, discarded: boolean): void {
    const from = this.applied;
    const to = from + bytes.length;
    if (!isPatternAt(from, bytes)) throw new Error(`${this.writer}: the bytes applied at ${from} were not typed there`);
    if (to > this.typed) throw new Error(`${this.writer}: ${to} applied of ${this.typed} typed`);
    if (discarded && !this.#replies.some((reply) => reply.from <= from && to <= reply.to))
      throw new Error(`${this.writer}: typed bytes at ${from} were dropped as a reply`);
    this.applied = to;
  }

  #act(frame: Down): void {
    if (frame.type === 'accepted') {
      this.#attachedOnce = true;
      this.#lost(this.#reader.accepted(frame.offset, frame.liveFrom));
      this.#queue.restart(frame.applied, frame.limit);
    } else if (frame.type === 'output') {
      for (const part of this.#reader.output(frame.offset, frame.bytes)) this.#show(part.offset, part.bytes);
    } else if (frame.type === 'gap') this.#lost(this.#reader.gap(frame.to));
    else if (frame.type === 'ack') this.#queue.acked(frame.applied, frame.limit);
    else this.#queue.restart(frame.applied, frame.limit);
  }

  #show(offset: number, bytes: Uint8Array): void {
    if (offset !== this.shown) throw new Error(`${this.writer}: shown at ${offset}, expected at ${this.shown}`);
    if (!isPatternAt(offset, bytes)) throw new Error(`${this.writer}: wrong bytes at ${offset}`);
    this.shown += bytes.length;
  }

  #lost(gap: OutputGap | undefined): void {
    if (gap === undefined) return;
    if (gap.from !== this.shown) throw new Error(`${this.writer}: a gap from ${gap.from}, expected from ${this.shown}`);
    if (gap.to > this.#machine.ring.tail)
      throw new Error(`${this.writer}: gap up to ${gap.to}, but its bytes are still in the ring`);
    this.gaps.push(gap);
    this.shown = gap.to;
  }
}
