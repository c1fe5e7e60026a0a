import { maxOutputFrame, maxOutputWindow, minOutputWindow } from '@webxterm/contracts/frames';
import { OutputReader, OutputWindow, StreamProtocolError } from '@webxterm/stream';
import type { TerminalHandlers } from './api.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';

/** An ack that nobody waits for goes out after a pause, not with every key. */
const ackPauseMs = 100;
/** Bytes: what a viewer that paints 5 MB/s may have before it. One far away comes to its rate in fewer round trips than from less. */
const firstWindow = 256 * 1024;
/** Bytes that wait to be rendered, at most: a full window, and what was on its way when it shrank. */
export const maxUnrendered = 2 * maxOutputWindow + maxOutputFrame;

/** Where output goes, and what is told of it. */
export interface OutputSink extends Pick<TerminalHandlers, 'output'> {
  gap(from: number, to: number): void;
}

/** Output on its way to the screen, over as many connections as it takes: it drives acks and limits. */
export class IncomingOutput {
  readonly #handlers: OutputSink;
  readonly #clock: Clock;
  readonly #window = new OutputWindow({ first: firstWindow, min: minOutputWindow, max: maxOutputWindow });
  readonly #reader: OutputReader;
  /** Bytes handed to the screen that it has not rendered. */
  #unrendered = 0;
  #connection: Connection | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(handlers: OutputSink, clock: Clock, from: number) {
    this.#handlers = handlers;
    this.#clock = clock;
    this.#reader = new OutputReader(from);
  }

  /** Every byte before this has been handed to the screen. */
  get next(): number {
    return this.#reader.next;
  }

  /** What is being rendered is output of the past: what the emulator answers to it is not typed. */
  get replaying(): boolean {
    return this.#reader.replaying;
  }

  attached(connection: Connection, offset: number, liveFrom: number): void {
    this.#connection = connection;
    this.#window.interrupted();
    const lost = this.#reader.accepted(offset, liveFrom);
    if (lost !== undefined) this.#handlers.gap(lost.from, lost.to);
    this.#tellIfDue();
  }

  detached(): void {
    this.#connection = undefined;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  rtt(ms: number): void {
    this.#window.measuredRtt(ms, this.#clock.now());
  }

  gap(to: number): void {
    const lost = this.#reader.gap(to);
    if (lost === undefined) return;
    this.#handlers.gap(lost.from, lost.to);
    this.#tell();
  }

  /** @throws StreamProtocolError for a hole that was not told, and for more than any limit can have allowed: nothing of it is taken */
  output(offset: number, payload: Uint8Array): void {
    if (this.#unrendered + offset + payload.length - this.#reader.next > maxUnrendered)
      throw new StreamProtocolError('output beyond every limit that was told');
    for (const { bytes, offset: from, live } of this.#reader.output(offset, payload)) {
      // The caller left when it was given the part before.
      if (this.#connection === undefined) return;
      this.#unrendered += bytes.length;
      this.#handlers.output(bytes, { offset: from, live }, () => {
        this.#unrendered -= bytes.length;
        this.#rendered(from + bytes.length);
      });
    }
  }

  /** Says how far output is rendered, if that was not said: the machine finds by it how old the question of an answer is. */
  tellRendered(): void {
    if (this.#reader.hasUntold) this.#tell();
  }

  #rendered(upTo: number): void {
    const now = this.#clock.now();
    this.#reader.renderedUpTo(upTo);
    const caughtUp = this.#reader.rendered === this.#reader.next;
    const limited = this.#reader.takeLimited(now - this.#window.rtt(now));
    this.#window.acked(this.#reader.rendered, { limited, caughtUp }, now);
    this.#tellIfDue();
  }

  #tellIfDue(): void {
    if (this.#connection === undefined) return;
    const now = this.#clock.now();
    const due = this.#reader.due(this.#window.size(now), this.#window.inFlight(now));
    if (due === 'now') this.#tell();
    else if (due === 'soon') this.#stopTimer ??= this.#clock.after(ackPauseMs, () => this.#tell());
  }

  #tell(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const now = this.#clock.now();
    this.#connection?.send({ type: 'limit', ...this.#reader.tell(this.#window.size(now), now) });
  }
}
