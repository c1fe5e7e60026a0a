import {
  closeCode,
  type DownFrame,
  decodeDown,
  encodeUp,
  FrameError,
  inputWindow,
  maxClientMessage,
  maxInputFrame,
  maxOutputWindow,
} from '@webxterm/contracts/frames';
import { AppError } from '@webxterm/shared';
import { InputQueue, OutputReader, OutputWindow, StreamProtocolError } from '@webxterm/stream';
import type { WebSocket } from 'ws';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { type Attachment, refusalOf } from '../attachment/attachment.ts';
import { takeInputFrame } from '../attachment/input-frames.ts';
import type { EndedFromHere, TerminalSlot } from '../attachment/open-terminal.ts';
import { closeCodeFor, closeForEnd, closeReason, detachFor, errorFor } from './close-codes.ts';
import { closeSocket, leftOnPurpose, messageCost, type ViewerContext, watchSilence } from './viewer-context.ts';

/** A ping with the current offset is sent after this many bytes of output. Its pong shows that the client has read all bytes before it. */
const pingEveryBytes = 128 * 1024;
/** The window must not be smaller than two ping intervals. Otherwise it would wait for the pong of a ping that is not sent yet. */
const windowBounds = { first: 2 * pingEveryBytes, min: 2 * pingEveryBytes, max: maxOutputWindow };
/** A ping is sent after this delay if the output is smaller than `pingEveryBytes`. */
const pingPauseMs = 100;
/** How often a paused socket is checked. */
const lookEveryMs = 50;

type Accepted = Extract<DownFrame, { type: 'accepted' }>;

/** Encodes output and errors for a client without frames. */
export interface ClientWords {
  /** Sends output. `taken` is called once the socket has taken it. */
  output(bytes: Uint8Array, taken: () => void): void;
  /** Sends an error before the socket is closed. */
  error(error: AppError): void;
}

export interface RawViewerOptions {
  readonly context: ViewerContext;
  readonly socket: WebSocket;
  readonly slot: TerminalSlot;
  readonly attachment: Attachment;
  readonly request: AttachmentRequest;
  readonly accepted: Accepted;
  readonly words: ClientWords;
}

/**
 * Runs the viewer's side of the stream protocol for a client without frames. It measures the read output by WebSocket pings, repeats
 * unacknowledged input after a hub change, and limits both directions.
 */
export class RawViewer {
  readonly #options: RawViewerOptions;
  readonly #socket: WebSocket;
  readonly #reader: OutputReader;
  readonly #window = new OutputWindow(windowBounds);
  readonly #input = new InputQueue({
    frame: maxInputFrame,
    window: inputWindow,
    // One message above the window, and the bytes that the socket had already read when it was paused.
    queue: inputWindow + 2 * maxClientMessage,
  });
  #pinged: number;
  readonly #pings: { offset: number; sentAt: number }[] = [];
  #pingTimer: NodeJS.Timeout | undefined;
  #pauseTimer: NodeJS.Timeout | undefined;
  #over = false;
  /** Messages of output that the socket has not taken. */
  #waiting = 0;

  constructor(options: RawViewerOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#reader = new OutputReader(options.accepted.offset);
    this.#pinged = options.accepted.offset;
    const { socket } = options;
    socket.on('pong', (payload) => this.#ponged(payload));
    socket.on('close', (code) => this.#leave(leftOnPurpose(code) ? 'left' : 'broken'));
    socket.on('error', () => {});
    watchSilence(
      socket,
      options.context.now,
      () => this.#ping(),
      () => !socket.isPaused,
    );
    this.#accepted(options.accepted);
    options.slot.onEnd((why) => this.#endFromHere(why));
  }

  /** A frame from the machine. */
  receive(bytes: Buffer): void {
    if (this.#over) return;
    try {
      this.#act(decodeDown(bytes));
    } catch (error) {
      if (!(error instanceof StreamProtocolError || error instanceof FrameError)) throw error;
      this.#finish(closeCode.internal, 'output bytes are missing');
    }
  }

  /** Sends input of the client. */
  type(bytes: Uint8Array): void {
    if (this.#over || this.#options.request.mode === 'view') return;
    if (!this.#input.push(bytes, false)) {
      this.fail(new AppError('payload_too_large', 'Too much input at once.'));
      return;
    }
    this.#flush();
  }

  resize(cols: number, rows: number): void {
    this.#options.attachment.resized({ cols, rows });
    this.#options.attachment.send(encodeUp({ type: 'resize', cols, rows }));
  }

  /** Ends the viewer with an error. The session keeps running. */
  fail(error: AppError): void {
    if (this.#over) return;
    this.#options.words.error(error);
    this.#finish(closeCodeFor(error.code), error.message);
  }

  #act(frame: DownFrame): void {
    const { request, context } = this.#options;
    if (frame.type === 'accepted') this.#accepted(frame);
    else if (frame.type === 'output') this.#output(frame.offset, frame.payload);
    else if (frame.type === 'gap') this.#jumped(frame.to);
    else if (takeInputFrame(this.#input, frame)) this.#flush();
    else if (frame.type === 'refused') this.fail(refusalOf(frame.code, frame.message));
    else if (frame.type === 'ended') {
      const end = { cause: frame.cause, exitCode: frame.exitCode ?? null, signal: frame.signal ?? null };
      context.ledger.ended(request.agentId, request.sessionId.toString('base64url'), end);
      const { code, reason } = closeForEnd(frame);
      this.#finish(code, reason);
    }
  }

  #accepted(frame: Accepted): void {
    this.#window.interrupted();
    if (this.#reader.accepted(frame.offset, frame.liveFrom) !== undefined) {
      this.#ringLeft();
      return;
    }
    this.#sendLimit();
    this.#input.restart(frame.inputApplied, frame.inputLimit);
    this.#flush();
  }

  #jumped(to: number): void {
    if (this.#reader.gap(to) !== undefined) this.#ringLeft();
  }

  /** The next byte has left the scrollback. Raw clients cannot skip output, so they attach again and get the new offset. */
  #ringLeft(): void {
    this.#finish(closeCode.reattach, 'the next output is no longer available, attach again');
  }

  #output(offset: number, payload: Uint8Array): void {
    for (const part of this.#reader.output(offset, payload)) {
      this.#waiting += 1;
      this.#options.words.output(part.bytes, () => {
        this.#waiting -= 1;
      });
    }
    // A client that reads its output also answers pings, and `#taken` then lowers the count.
    this.#countHeld();
    // A machine that respects the limits is never this far ahead. Without this check, one that ignores them would fill the memory.
    if (this.#reader.next - this.#reader.rendered > 2 * maxOutputWindow) {
      this.#finish(closeCode.internal, 'the machine ignores the limits');
      return;
    }
    if (this.#reader.next - this.#pinged >= pingEveryBytes) this.#ping();
    else this.#pingTimer ??= setTimeout(() => this.#ping(), pingPauseMs);
    if (this.#socket.isPaused) this.#countTaken();
  }

  #ping(): void {
    clearTimeout(this.#pingTimer);
    this.#pingTimer = undefined;
    if (this.#over) return;
    const { next } = this.#reader;
    const payload = Buffer.alloc(8);
    payload.writeBigUInt64BE(BigInt(next));
    this.#socket.ping(payload);
    this.#pinged = next;
    this.#pings.push({ offset: next, sentAt: this.#options.context.now() });
    if (this.#pings.length > 64) this.#pings.shift();
  }

  #ponged(payload: Buffer): void {
    if (this.#over || payload.length !== 8) return;
    const offset = Number(payload.readBigUInt64BE());
    const sent = this.#pings.findIndex((ping) => ping.offset === offset);
    const ping = this.#pings[sent];
    if (ping === undefined) return;
    this.#pings.splice(0, sent + 1);
    this.#window.measuredRtt(this.#options.context.now() - ping.sentAt, this.#options.context.now());
    this.#taken(offset);
  }

  #taken(offset: number): void {
    this.#countHeld();
    const now = this.#options.context.now();
    this.#reader.renderedUpTo(offset);
    const caughtUp = this.#reader.rendered === this.#reader.next;
    const limited = this.#reader.takeLimited(now - this.#window.rtt(now));
    this.#window.acked(this.#reader.rendered, { limited, caughtUp }, now);
    if (this.#reader.due(this.#window.size(now), this.#window.inFlight(now)) !== 'no') this.#sendLimit();
  }

  #countHeld(): void {
    this.#options.slot.holds(this.#socket.bufferedAmount + this.#waiting * messageCost);
  }

  #sendLimit(): void {
    const now = this.#options.context.now();
    const limit = this.#reader.takeLimit(this.#window.size(now), now);
    this.#options.attachment.send(encodeUp({ type: 'limit', ...limit }));
  }

  /** Sends input within the machine's limit. While too much is queued, the client's socket is paused. */
  #flush(): void {
    const { attachment } = this.#options;
    while (attachment.attached) {
      const frame = this.#input.next();
      if (frame === undefined) break;
      attachment.send(encodeUp({ type: 'input', ...frame }));
    }
    const full = this.#input.size > inputWindow;
    if (full === this.#socket.isPaused || this.#over) return;
    if (full) {
      this.#socket.pause();
      this.#pauseTimer = setInterval(() => this.#countTaken(), lookEveryMs);
    } else {
      clearInterval(this.#pauseTimer);
      this.#socket.resume();
    }
  }

  /** A paused socket receives no pongs, so the bytes written to it count as read. */
  #countTaken(): void {
    this.#taken(this.#reader.next - this.#socket.bufferedAmount);
  }

  #endFromHere(why: EndedFromHere): void {
    const { attachment } = this.#options;
    if (why === 'moving') {
      attachment.detach('moving');
      this.#finish(closeCode.comeBack, 'this instance is shutting down, reconnect');
    } else {
      attachment.detach(detachFor(why));
      this.fail(errorFor(why));
    }
  }

  #finish(code: number, reason: string): void {
    if (this.#over) return;
    this.#leave('broken');
    closeSocket(this.#socket, code, closeReason(reason));
  }

  #leave(reason: 'left' | 'broken'): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#pingTimer);
    clearInterval(this.#pauseTimer);
    this.#options.attachment.detach(reason);
    this.#options.slot.leave();
  }
}
