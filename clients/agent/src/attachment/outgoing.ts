import { type DownFrame, encodeDown, maxOutputFrame } from '@webxterm/contracts/frames';
import { wrapFrame } from '@webxterm/contracts/grpc';
import type { OutputFlow } from './output-flow.ts';
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
/**
 * Output that follows other output within this waits until there is a whole frame, or this has passed: a pseudo-terminal gives
 * 4 KiB per read, and on its way every message costs five processes the same whatever its size (frames of 4 KiB took 4.4 s
 * of processor time per 100 MB, those of 64 KiB half of it). A key's echo follows nothing, and leaves at once.
 */
const coalesceMs = 2;
/** An ack of input waits this long for output to travel with: it saves a wake-up of every hop per key. */
const ackDelayMs = 4;
/** A peer that pings faster than its pongs can leave gets answers to the last of these only. */
const maxPongs = 16;

/**
 * What goes down to one viewer: control frames first, coalesced to the latest of their kind, then what the flow of the output
 * and the limit allow. Sends at once when idle; under load small pieces wait for at most 2 ms and become 64 KiB ones.
 */
export class Outgoing {
  readonly #flow: OutputFlow;
  readonly #transport: AttachmentTransport;
  readonly #control = new Map<string, DownFrame>();
  #pongs = 0;
  #inFlight = 0;
  #ended: DownFrame | undefined;
  #finished = false;
  /** An ack of input that goes behind the next output: the echo of the key is what someone waits for. */
  #ack: DownFrame | undefined;
  #ackTimer: NodeJS.Timeout | undefined;
  #outputTimer: NodeJS.Timeout | undefined;
  #lastOutputAt = Number.NEGATIVE_INFINITY;

  constructor(flow: OutputFlow, transport: AttachmentTransport) {
    this.#flow = flow;
    this.#transport = transport;
  }

  /** Sends control frames now, before any output; each replaces one of its kind that still waits. */
  tell(...frames: DownFrame[]): void {
    for (const frame of frames) {
      if (frame.type === 'input_ack') this.#ack = undefined;
      this.#put(frame);
    }
    this.kick();
  }

  /** Sends an ack of input right behind the next output, or 4 ms from now. */
  ackSoon(frame: Extract<DownFrame, { type: 'input_ack' }>): void {
    this.#ack = frame;
    this.#ackTimer ??= setTimeout(() => this.#sendAck(), ackDelayMs);
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
    clearTimeout(this.#outputTimer);
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
    let sent = false;
    while (this.#inFlight < maxInFlight && this.#sendOutput()) sent = true;
    if (sent) this.#sendAck();
    if (this.#ended !== undefined && this.#flow.complete) this.finish(this.#ended);
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
    for (const frame of this.#control.values()) this.#send(frame);
    this.#control.clear();
  }

  #sendAck(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    const ack = this.#ack;
    this.#ack = undefined;
    if (ack !== undefined && !this.#finished) this.#send(ack);
  }

  /** @returns whether something was sent. */
  #sendOutput(): boolean {
    const available = this.#flow.available();
    if (available === 0 || (available < maxOutputFrame && this.#mustWait())) return false;
    const next = this.#flow.next(maxOutputFrame);
    if (next.kind === 'nothing') return false;
    if (next.kind === 'frame') {
      this.#send(next.frame);
      return true;
    }
    if (next.kind === 'gap') {
      this.#send({ type: 'gap', from: next.from, to: next.to });
      return true;
    }
    this.#inFlight += 1;
    this.#lastOutputAt = performance.now();
    this.#transport.send(outputMessage(next.read), () => {
      this.#inFlight -= 1;
      this.kick();
    });
    return true;
  }

  /** Whether a piece that is no whole frame yet waits for more; it is looked at again when the wait is over. */
  #mustWait(): boolean {
    if (this.#inFlight > 0) return true;
    const wait = this.#lastOutputAt + coalesceMs - performance.now();
    if (wait <= 0 || this.#ended !== undefined) return false;
    this.#outputTimer ??= setTimeout(() => {
      this.#outputTimer = undefined;
      this.kick();
    }, wait);
    return true;
  }

  #send(frame: DownFrame): void {
    this.#transport.send(wrapFrame(encodeDown(frame)), () => undefined);
  }
}
