import { DriverTracker, type Progress } from '../driver-tracker.ts';
import type { InputGate } from '../input-gate.ts';
import { OutputCursor } from '../output-cursor.ts';
import { Ring } from '../ring.ts';
import { Writers } from '../writers.ts';
import { patternAt } from './pattern.ts';
import type { Up, Wire } from './wire.ts';

const ringSize = 256 * 1024;
const inputWindow = 8 * 1024;
const maxFrame = 64 * 1024;

interface Place {
  readonly writer: string;
  readonly wire: Wire;
  readonly cursor: OutputCursor;
  readonly gate: InputGate;
}

interface Waiting {
  readonly writer: string;
  readonly gate: InputGate;
  bytes: Uint8Array;
  readonly discard: boolean;
}

/** One session with the same parts as in the agent. Its shell prints the pattern. */
export class Machine {
  readonly ring = new Ring(ringSize);
  readonly #driver = new DriverTracker(ringSize);
  readonly #writers = new Writers(inputWindow);
  readonly #places = new Map<string, Place>();
  /** Input received but not applied. */
  readonly #pump: Waiting[] = [];
  readonly #applied: (writer: string, bytes: Uint8Array, discarded: boolean) => void;
  /** Bytes that the shell has printed and the terminal has not taken. */
  pending = 0;
  now = 0;

  constructor(applied: (writer: string, bytes: Uint8Array, discarded: boolean) => void) {
    this.#applied = applied;
  }

  get idle(): boolean {
    return this.pending === 0 && this.#pump.length === 0;
  }

  /** The shell prints. The terminal is read as far as the driver's hold allows. */
  print(length: number): void {
    this.pending += length;
    while (this.pending > 0 && !this.#driver.mustStall(this.ring.head)) {
      const size = Math.min(this.pending, 4096);
      this.pending -= size;
      const { head } = this.ring;
      this.ring.append(patternAt(head, size));
      this.#driver.wrote(head, this.now);
      this.#checkHold();
    }
  }

  attach(writer: string, wire: Wire, from: number | undefined): void {
    const { head, tail } = this.ring;
    const asked = Math.min(from ?? 0, head);
    const offset = Math.max(asked, tail);
    const gate = this.#writers.enter(writer);
    const place = { writer, wire, cursor: new OutputCursor(offset), gate };
    const { withinHold } = this.#driver.attach(writer, progressOf(place), this.now);
    this.#places.set(writer, place);
    wire.down.push({
      type: 'accepted',
      offset,
      liveFrom: withinHold ? offset : head,
      applied: gate.applied,
      limit: gate.limit,
    });
    if (asked < offset) wire.down.push({ type: 'gap', from: asked, to: offset });
  }

  /** Takes a frame of an attachment. Frames of a displaced attachment are ignored. */
  receive(wire: Wire, frame: Up): void {
    const place = this.#placeOf(wire);
    if (place === undefined) return;
    if (frame.type === 'input') this.#input(place, frame);
    else if (frame.type === 'limit') {
      place.cursor.allow(frame.acked, frame.limit);
      this.#driver.progress(place.writer, progressOf(place), this.now);
    } else this.#driver.visible(place.writer, frame.visible, progressOf(place), this.now);
  }

  /** Sends the next output that the limit allows. @returns whether something was sent */
  send(wire: Wire, max: number): boolean {
    const place = this.#placeOf(wire);
    if (place === undefined) return false;
    const next = place.cursor.take(this.ring, Math.min(max, maxFrame));
    if (next.kind === 'nothing') return false;
    if (next.kind === 'gap') {
      if (next.to > this.ring.tail) throw new Error('a gap over bytes that are still there');
      wire.down.push({ type: 'gap', from: next.from, to: next.to });
      return true;
    }
    const end = next.read.offset + next.read.length;
    if (end > place.cursor.limit) throw new Error(`sent up to ${end}, beyond the limit ${place.cursor.limit}`);
    wire.down.push({ type: 'output', offset: next.read.offset, bytes: joined(next.read.views) });
    return true;
  }

  /** The terminal takes up to `count` bytes of the typed input. */
  apply(count: number): void {
    let left = count;
    for (let first = this.#pump[0]; first !== undefined && left > 0; first = this.#pump[0]) {
      const bytes = first.bytes.subarray(0, left);
      left -= bytes.length;
      first.bytes = first.bytes.subarray(bytes.length);
      if (first.bytes.length === 0) this.#pump.shift();
      first.gate.apply(bytes.length);
      this.#applied(first.writer, bytes, first.discard);
      const { applied, limit } = first.gate;
      this.#places.get(first.writer)?.wire.down.push({ type: 'ack', applied, limit });
    }
  }

  depart(wire: Wire, departure: 'left' | 'broken'): void {
    const place = this.#placeOf(wire);
    if (place === undefined) return;
    this.#places.delete(place.writer);
    this.#driver.leave(place.writer, departure, this.now);
    if (this.#driver.brokenHolder !== place.writer) this.#writers.leave(place.writer);
  }

  pass(ms: number): void {
    this.now += ms;
    const holder = this.#driver.brokenHolder;
    this.#driver.expire(this.ring.head, this.now);
    if (holder !== undefined && this.#driver.brokenHolder !== holder && !this.#places.has(holder))
      this.#writers.leave(holder);
  }

  #input(place: Place, { offset, reply, bytes }: Extract<Up, { type: 'input' }>): void {
    const { gate, writer, wire } = place;
    const verdict = gate.receive(offset, bytes);
    if (verdict.kind !== 'take') {
      wire.down.push({ type: verdict.kind === 'reset' ? 'reset' : 'ack', applied: gate.applied, limit: gate.limit });
      return;
    }
    if (!reply) this.#driver.typed(writer, progressOf(place), this.now);
    this.#pump.push({ writer, gate, bytes: verdict.bytes, discard: reply && this.#driver.driver !== writer });
  }

  #placeOf(wire: Wire): Place | undefined {
    return [...this.#places.values()].find((place) => place.wire === wire);
  }

  /** Unacknowledged output of a driver with the hold must still be in the ring. */
  #checkHold(): void {
    const driver = this.#driver.driver;
    const place = driver === undefined ? undefined : this.#places.get(driver);
    if (place === undefined || !this.#driver.holds) return;
    if (place.cursor.acked < this.ring.tail) throw new Error('output left the ring before its driver had seen it');
  }
}

const progressOf = ({ cursor }: Place): Progress => ({ acked: cursor.acked, limit: cursor.limit });

const joined = (views: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(views.reduce((sum, view) => sum + view.length, 0));
  let at = 0;
  for (const view of views) {
    whole.set(view, at);
    at += view.length;
  }
  return whole;
};
