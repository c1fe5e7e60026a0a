import { type DownFrame, encodeDown, maxOutputFrame } from '@webxterm/contracts/frames';
import { wrapFrame } from '@webxterm/contracts/grpc';
import type { OutputCursor, Ring } from '@webxterm/stream';
import { outputMessage } from './output-message.ts';

/** One gRPC stream towards the viewer. */
export type AttachmentTransport = {
  /** Sends a serialized AttachDown; `sent` is called when the connection has taken it. */
  send(message: Buffer, sent: () => void): void;
  /** Half-closes: nothing follows. */
  finish(): void;
};

/** Output frames under way at once: enough to keep the pipe full, few enough that the rest coalesces in the ring. */
const maxInFlight = 4;
/** An ack of input waits this long for output to travel with: it saves a wake-up of every hop per key. */
const ackDelayMs = 4;
/** A peer that pings faster than its pongs can leave gets answers to the last of these only. */
const maxPongs = 16;

/**
 * What goes down to one viewer: control frames first, coalesced to the latest of their kind, then output as the cursor
 * and the limit allow. Sends at once when idle; while frames are under way small pieces wait and become 64 KiB ones.
 */
export class Outgoing {
  readonly #ring: Ring;
  readonly #cursor: OutputCursor;
  readonly #transport: AttachmentTransport;
  readonly #control = new Map<string, DownFrame>();
  #pongs = 0;
  #inFlight = 0;
  #ended: DownFrame | undefined;
  #finished = false;
  #ackTimer: NodeJS.Timeout | undefined;

  constructor(ring: Ring, cursor: OutputCursor, transport: AttachmentTransport) {
    this.#ring = ring;
    this.#cursor = cursor;
    this.#transport = transport;
  }

  /** Sends control frames now, before any output; each replaces one of its kind that still waits. */
  tell(...frames: DownFrame[]): void {
    for (const frame of frames) this.#put(frame);
    this.kick();
  }

  /** Sends a control frame with the next output, or 4 ms from now. */
  tellSoon(frame: DownFrame): void {
    this.#put(frame);
    this.#ackTimer ??= setTimeout(() => {
      this.#ackTimer = undefined;
      this.kick();
    }, ackDelayMs);
  }

  /** Sends `frame` once all output is sent, then half-closes. */
  endAfterOutput(frame: DownFrame): void {
    this.#ended = frame;
    this.kick();
  }

  /** Sends `frame` if there is one, and half-closes at once. */
  finish(frame?: DownFrame): void {
    if (this.#finished) return;
    if (frame !== undefined) this.#send(frame);
    this.#finished = true;
    clearTimeout(this.#ackTimer);
    this.#control.clear();
    this.#transport.finish();
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Sends what can be sent: call it when there is output or a higher limit. */
  kick(): void {
    if (this.#finished) return;
    this.#sendControl();
    while (this.#inFlight < maxInFlight && this.#sendOutput());
    if (this.#ended !== undefined && this.#cursor.next >= this.#ring.head) this.finish(this.#ended);
  }

  #put(frame: DownFrame): void {
    if (this.#finished) return;
    // Each ping wants its own answer; of everything else only the latest counts.
    if (frame.type === 'pong') this.#pongs = (this.#pongs + 1) % maxPongs;
    const slot = frame.type === 'pong' ? `pong${this.#pongs}` : frame.type;
    this.#control.delete(slot);
    this.#control.set(slot, frame);
  }

  #sendControl(): void {
    if (this.#control.size === 0) return;
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    for (const frame of this.#control.values()) this.#send(frame);
    this.#control.clear();
  }

  /** @returns whether something was sent. */
  #sendOutput(): boolean {
    const available = this.#cursor.available(this.#ring);
    if (available === 0 || (this.#inFlight > 0 && available < maxOutputFrame)) return false;
    const next = this.#cursor.take(this.#ring, maxOutputFrame);
    if (next.kind === 'nothing') return false;
    if (next.kind === 'gap') {
      this.#send({ type: 'gap', from: next.from, to: next.to });
      return true;
    }
    this.#inFlight += 1;
    this.#transport.send(outputMessage(next.read), () => {
      this.#inFlight -= 1;
      this.kick();
    });
    return true;
  }

  #send(frame: DownFrame): void {
    this.#transport.send(wrapFrame(encodeDown(frame)), () => undefined);
  }
}
