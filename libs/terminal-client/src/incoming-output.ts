import { maxOutputFrame, maxOutputWindow, minOutputWindow } from '@webxterm/contracts/frames';
import { OutputReader, OutputWindow, StreamProtocolError } from '@webxterm/stream';
import type { TerminalHandlers } from './api.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';

/** An ack without a need for a new limit is sent after this pause, not after every key. */
const ackPauseMs = 100;
/** Bytes. Enough for a viewer that renders 5 MB/s. On a long path a smaller window would need more round trips to reach the full rate. */
const firstWindow = 256 * 1024;
/** Limit of unrendered bytes: a full window, and the output that was in transit when the window shrank. */
export const maxUnrendered = 2 * maxOutputWindow + maxOutputFrame;

/** Receives output and gaps. */
export interface OutputSink extends Pick<TerminalHandlers, 'output'> {
  gap(from: number, to: number): void;
}

/** The output of one session on its way to the screen, over any number of connections. Sends acks and limits. */
export class IncomingOutput {
  readonly #handlers: OutputSink;
  readonly #clock: Clock;
  readonly #window: OutputWindow;
  readonly #reader: OutputReader;
  /** Bytes passed to the screen but not rendered yet. */
  #unrendered = 0;
  /** The part of `#unrendered` that was received before the current attachment, and where it was live from. It is rendered first. */
  #earlier = { unrendered: 0, liveFrom: 0 };
  #liveFrom = 0;
  #connection: Connection | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(handlers: OutputSink, clock: Clock, from: number, maxWindow = maxOutputWindow) {
    this.#handlers = handlers;
    this.#clock = clock;
    this.#reader = new OutputReader(from);
    this.#window = new OutputWindow({ first: Math.min(firstWindow, maxWindow), min: minOutputWindow, max: maxWindow });
  }

  /** Every byte before this offset has been passed to the screen. */
  get next(): number {
    return this.#reader.next;
  }

  /** Whether the output being rendered is a replay. The emulator's replies to it must not be sent. */
  get replaying(): boolean {
    return this.rendersEarlier ? this.#reader.rendered < this.#earlier.liveFrom : this.#reader.replaying;
  }

  /** Whether the output being rendered was received before the current attachment. */
  get rendersEarlier(): boolean {
    return this.#earlier.unrendered > 0;
  }

  attached(connection: Connection, offset: number, liveFrom: number): void {
    this.#connection = connection;
    this.#window.interrupted();
    this.#earlier = { unrendered: this.#unrendered, liveFrom: this.#liveFrom };
    this.#liveFrom = liveFrom;
    const lost = this.#reader.accepted(offset, liveFrom);
    if (lost !== undefined) this.#handlers.gap(lost.from, lost.to);
    this.#sendLimitIfDue();
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
    this.#sendLimit();
  }

  /**
   * Takes an output frame.
   * @throws StreamProtocolError if earlier output is missing without a gap frame, or the frame exceeds every limit sent; then nothing of it
   * is taken
   */
  output(offset: number, payload: Uint8Array): void {
    if (this.#unrendered + offset + payload.length - this.#reader.next > maxUnrendered)
      throw new StreamProtocolError('output exceeds every limit sent');
    for (const { bytes, offset: from, live } of this.#reader.output(offset, payload)) {
      // The caller closed the client while it handled the previous part.
      if (this.#connection === undefined) return;
      this.#unrendered += bytes.length;
      this.#handlers.output(bytes, { offset: from, live }, () => {
        this.#unrendered -= bytes.length;
        this.#earlier.unrendered = Math.max(0, this.#earlier.unrendered - bytes.length);
        this.#rendered(from + bytes.length);
      });
    }
  }

  /** Sends the rendered offset if it is not sent yet. The machine derives from it how old the query of a reply is. */
  sendLimitAfterRendering(): void {
    if (this.#reader.hasUnsentAck) this.#sendLimit();
  }

  #rendered(upTo: number): void {
    const now = this.#clock.now();
    this.#reader.renderedUpTo(upTo);
    const caughtUp = this.#reader.rendered === this.#reader.next;
    const limited = this.#reader.takeLimited(now - this.#window.rtt(now));
    this.#window.acked(this.#reader.rendered, { limited, caughtUp }, now);
    this.#sendLimitIfDue();
  }

  #sendLimitIfDue(): void {
    if (this.#connection === undefined) return;
    const now = this.#clock.now();
    const due = this.#reader.due(this.#window.size(now), this.#window.inFlight(now));
    if (due === 'now') this.#sendLimit();
    else if (due === 'soon') this.#stopTimer ??= this.#clock.after(ackPauseMs, () => this.#sendLimit());
  }

  #sendLimit(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const now = this.#clock.now();
    this.#connection?.send({ type: 'limit', ...this.#reader.takeLimit(this.#window.size(now), now) });
  }
}
