import { type DownFrame, encodeDown, maxOutputFrame, olderCause } from '@webxterm/contracts/frames';
import { wrapFrame } from '@webxterm/contracts/grpc';
import type { OutputFlow } from './output-flow.ts';
import { outputMessage } from './output-message.ts';

/** One gRPC stream to the viewer. */
export type AttachmentTransport = {
  /** Hub and relays are of a version that does not read later end causes. */
  olderRelays?: boolean;
  /** Sends a serialized AttachDown. `sent` is called when the connection has taken it. */
  send(message: Buffer, sent: () => void): void;
  /** Half-closes the stream. No message may follow. */
  finish(): void;
};

/**
 * Limit of output frames not yet taken by the connection: enough to keep the pipe full, few enough that further output is joined in the
 * ring.
 */
const maxInFlight = 4;
/**
 * Output within this time after other output waits until it fills a frame or the time is over. A pseudo-terminal gives 4 KiB per read, and
 * each message costs five processes the same whatever its size. Frames of 4 KiB took 4.4 s of processor time per 100 MB, frames of 64 KiB
 * half of it. The echo of a key follows no other output, so it is sent at once.
 */
const coalesceMs = 2;
/**
 * After a key of the viewer, this many pieces do not wait for further output: the redraw that the key causes, or the prompt after Ctrl-C in a
 * flood. Few, because each costs as much as a whole frame.
 */
const atOnceAfterKey = 8;
/** More bytes of input at once are a paste, not a key. */
const longestKey = 32;
/** An input ack waits this long for output to be sent before it, which saves a wake-up of each hop per key. */
const ackDelayMs = 4;
/** Limit of unsent pongs. If a peer pings faster, only the latest pings are answered. */
const maxPongs = 16;
/** Limit of other frames not yet taken by the connection. Without it, a viewer that pings and reads nothing fills the agent's memory. */
const maxControlInFlight = 64;

/**
 * Sends to one viewer: first control frames, of which only the latest of each type is kept, then output as far as flow and limit allow.
 * When idle, it sends at once. Under load, small pieces wait for at most 2 ms and are joined to frames of 64 KiB.
 */
export class Outgoing {
  readonly #flow: OutputFlow;
  readonly #transport: AttachmentTransport;
  readonly #control = new Map<string, DownFrame>();
  #pongs = 0;
  #inFlight = 0;
  #controlInFlight = 0;
  #ended: DownFrame | undefined;
  #finished = false;
  /** An input ack to send after the next output, because the echo of a key is more urgent. */
  #ack: DownFrame | undefined;
  #ackTimer: NodeJS.Timeout | undefined;
  #outputTimer: NodeJS.Timeout | undefined;
  #lastOutputAt = Number.NEGATIVE_INFINITY;
  /** Pieces that may still be sent at once. */
  #atOnce = 0;
  #applied = 0;

  constructor(flow: OutputFlow, transport: AttachmentTransport) {
    this.#flow = flow;
    this.#transport = transport;
  }

  /** Sends control frames now, before any output. Each replaces an unsent frame of its type. */
  sendControl(...frames: DownFrame[]): void {
    for (const frame of frames) {
      if (frame.type === 'input_ack') this.#ack = undefined;
      this.#put(frame);
    }
    this.kick();
  }

  /** Sends an input ack after the next output, or in 4 ms. The output that follows a key is urgent. */
  ackSoon(frame: Extract<DownFrame, { type: 'input_ack' }>): void {
    if (frame.applied - this.#applied <= longestKey) this.#atOnce = atOnceAfterKey;
    this.#applied = frame.applied;
    this.#ack = frame;
    this.#ackTimer ??= setTimeout(() => this.#sendAck(), ackDelayMs);
  }

  /** Sends `frame` after all output, then half-closes. */
  endAfterOutput(frame: DownFrame): void {
    this.#ended = frame;
    this.kick();
  }

  /** Sends `frame` if given, and half-closes at once. */
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

  /** Sends all that may be sent. Must be called after new output or a higher limit. */
  kick(): void {
    if (this.#finished) return;
    this.#sendControl();
    let sent = false;
    while (this.#mayControl && this.#inFlight < maxInFlight && this.#sendOutput()) sent = true;
    if (sent) this.#sendAck();
    if (this.#ended !== undefined && this.#flow.complete) this.finish(this.#ended);
  }

  #put(frame: DownFrame): void {
    if (this.#finished) return;
    // Each ping needs its own pong. Of other types only the latest frame is kept.
    if (frame.type === 'pong') this.#pongs = (this.#pongs + 1) % maxPongs;
    const slot = frame.type === 'pong' ? `pong${this.#pongs}` : frame.type;
    this.#control.delete(slot);
    this.#control.set(slot, frame);
  }

  get #mayControl(): boolean {
    return this.#controlInFlight < maxControlInFlight;
  }

  #sendControl(): void {
    for (const [slot, frame] of this.#control) {
      if (!this.#mayControl) return;
      this.#control.delete(slot);
      this.#send(frame);
    }
  }

  #sendAck(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    const ack = this.#ack;
    this.#ack = undefined;
    if (ack === undefined) return;
    this.#put(ack);
    this.#sendControl();
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

  /** Whether output smaller than a frame must wait for more. Schedules a new attempt for the end of the wait. */
  #mustWait(): boolean {
    if (this.#inFlight > 0) return true;
    const wait = this.#lastOutputAt + coalesceMs - performance.now();
    if (wait <= 0 || this.#ended !== undefined) return false;
    if (this.#atOnce > 0) {
      this.#atOnce -= 1;
      return false;
    }
    this.#outputTimer ??= setTimeout(() => {
      this.#outputTimer = undefined;
      this.kick();
    }, wait);
    return true;
  }

  #send(frame: DownFrame): void {
    this.#controlInFlight += 1;
    const older = frame.type === 'ended' && this.#transport.olderRelays === true;
    const sent = older ? { ...frame, cause: olderCause(frame.cause) } : frame;
    this.#transport.send(wrapFrame(encodeDown(sent)), () => {
      this.#controlInFlight -= 1;
      // Nothing waits below the limit.
      if (this.#controlInFlight === maxControlInFlight - 1) this.kick();
    });
  }
}
