import { capabilitiesIn, capabilityBits, type FrameCapability } from '@webxterm/contracts/capabilities';
import {
  closeCode,
  type DownFrame,
  decodeDown,
  decodeUp,
  encodeDown,
  FrameError,
  frameType,
  isIgnorable,
  maxOutputWindow,
  olderCause,
  protocolMax,
  protocolMin,
  type RecordingMode,
  type UpFrame,
} from '@webxterm/contracts/frames';
import { EdgeKind } from '@webxterm/contracts/grpc';
import { AppError } from '@webxterm/shared';
import { resumePassLifeMs } from '@webxterm/shared/api';
import type { RawData, WebSocket } from 'ws';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { patienceMs } from '../attachment/attach-timing.ts';
import { type Attachment, refusalOf } from '../attachment/attachment.ts';
import type { EndedFromHere, TerminalSlot } from '../attachment/open-terminal.ts';
import { closeCodeFor, closeForEnd, closeReason, detachFor, errorFor } from './close-codes.ts';
import {
  closeSocket,
  leftOnPurpose,
  messageCost,
  requestOf,
  type ViewerContext,
  type ViewerRequest,
  watchSilence,
} from './viewer-context.ts';

/** Time limit for hello and attach. */
export const handshakeWithinMs = 5000;
/** How often a new resume pass is sent, so that the client always has a valid one. */
const passEveryMs = 2 * 60_000;
/** Above this many buffered bytes the machine's stream is paused. The limits of the protocol also bound them. */
const pauseAbove = maxOutputWindow;
const resumeBelow = pauseAbove / 4;
/** Limit of hop pongs that wait for the client. Above it pings are not answered. */
const maxPongsWaiting = 16;

const withOlderCause = (last: DownFrame): DownFrame =>
  last.type === 'ended' ? { ...last, cause: olderCause(last.cause) } : last;

/** One `webxterm.v1` client. Frames pass unchanged, except for hello, attach, detach, hop pings, state and passes. */
export class V1Viewer {
  readonly #context: ViewerContext;
  readonly #socket: WebSocket;
  readonly #viewerRequest: ViewerRequest | AppError;
  readonly #slot: TerminalSlot;
  #attachment: Attachment | undefined;
  #request: AttachmentRequest | undefined;
  #greeted = false;
  /** The capabilities that client and service have in common. */
  #capabilities: readonly FrameCapability[] = [];
  #over = false;
  #handshakeTimer: NodeJS.Timeout;
  #passTimer: NodeJS.Timeout | undefined;
  #reading = true;
  /** Messages that the socket has not taken. */
  #waiting = 0;
  #pongsWaiting = 0;

  /** `viewerRequest`: the request, or the error that the client gets as a frame and a close code. */
  constructor(context: ViewerContext, socket: WebSocket, viewerRequest: ViewerRequest | AppError, slot: TerminalSlot) {
    this.#context = context;
    this.#socket = socket;
    this.#viewerRequest = viewerRequest;
    this.#slot = slot;
    this.#handshakeTimer = setTimeout(
      () => this.#refuse(new AppError('bad_request', 'Hello and attach were not received in time.')),
      handshakeWithinMs,
    );
    socket.on('message', (message, isBinary) => this.#received(message, isBinary));
    socket.on('close', (code) => this.#closed(code));
    socket.on('error', () => {});
    watchSilence(
      socket,
      context.now,
      () => socket.ping(),
      () => !socket.isPaused,
    );
    slot.onEnd((why) => this.#endFromHere(why));
    if (viewerRequest instanceof AppError) this.#refuse(viewerRequest);
  }

  #received(message: RawData, isBinary: boolean): void {
    if (this.#over) return;
    try {
      if (!isBinary || !Buffer.isBuffer(message)) throw new FrameError('webxterm.v1 has binary messages only');
      this.#act(decodeUp(message), message);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#refuse(new AppError('bad_request', error.message));
    }
  }

  #act(frame: UpFrame, bytes: Buffer): void {
    if (isIgnorable(bytes[0] ?? 0)) {
      this.#forwardIgnorable(bytes);
      return;
    }
    if (frame.type === 'hello') {
      this.#hello(frame);
      return;
    }
    if (!this.#greeted) throw new FrameError(`${frame.type} before hello`);
    if (frame.type === 'attach') {
      this.#attach(frame);
      return;
    }
    if (frame.type === 'ping' && frame.scope === 'hop') {
      this.#pong(frame.nonce);
      return;
    }
    const attachment = this.#attachment;
    if (attachment === undefined) throw new FrameError(`${frame.type} before attach`);
    if (frame.type === 'detach') {
      attachment.detach(frame.reason);
      this.#finish(closeCode.normal, 'left');
      return;
    }
    if (frame.type === 'resize') attachment.resized({ cols: frame.cols, rows: frame.rows });
    if (!attachment.send(bytes)) this.#socket.pause();
  }

  /** Forwards an ignorable frame, unless the agent is of an older version, which would end the stream. */
  #forwardIgnorable(bytes: Buffer): void {
    if (this.#attachment?.machineHas('skip_unknown_frames') && !this.#attachment.send(bytes)) this.#socket.pause();
  }

  #hello(frame: Extract<UpFrame, { type: 'hello' }>): void {
    if (this.#greeted) throw new FrameError('a second hello');
    if (frame.protocolMin > protocolMax || frame.protocolMax < protocolMin) {
      this.#refuse(new AppError('protocol_unsupported'));
      return;
    }
    this.#greeted = true;
    if (this.#viewerRequest instanceof AppError) return;
    this.#capabilities = capabilitiesIn(frame.capabilities);
    this.#send({
      type: 'hello',
      protocol: Math.min(frame.protocolMax, protocolMax),
      capabilities: capabilityBits(this.#capabilities),
      sessionId: Buffer.from(this.#viewerRequest.sessionId, 'base64url'),
    });
  }

  #attach(frame: Extract<UpFrame, { type: 'attach' }>): void {
    if (this.#attachment !== undefined) throw new FrameError('a second attach');
    const viewerRequest = this.#viewerRequest;
    if (viewerRequest instanceof AppError) return;
    clearTimeout(this.#handshakeTimer);
    const viewerId = Buffer.from(frame.viewerId);
    if (viewerRequest.viewerId !== undefined && viewerRequest.viewerId !== viewerId.toString('base64url')) {
      this.#refuse(new AppError('forbidden', 'The resume pass is for another viewer.'));
      return;
    }
    const create = frame.create && viewerRequest.mayCreate;
    this.#request = {
      ...requestOf(viewerRequest),
      viewerId,
      edge: EdgeKind.EDGE_KIND_V1,
      create,
      from: frame.from,
      cols: frame.cols,
      rows: frame.rows,
      patienceMs: create ? patienceMs.first : patienceMs.returning,
    };
    this.#slot.attachAs(viewerRequest.sessionId, viewerId.toString('base64url'));
    this.#attachment = this.#context.attach(this.#request, {
      frame: (bytes) => this.#forward(bytes),
      waiting: (retryInMs) => this.#send({ type: 'state', state: 'unreachable', retryInMs }),
      drained: () => this.#socket.resume(),
      over: (error) => {
        if (error !== undefined) this.#refuse(error);
      },
    });
    this.#attachment.start();
  }

  #forward(bytes: Buffer): void {
    if (this.#over) return;
    const type = bytes[0];
    // A client that cannot skip an unknown frame would end the connection.
    if (type !== undefined && isIgnorable(type) && !this.#capabilities.includes('skip_unknown_frames')) return;
    if (type === frameType.ended || type === frameType.refused) {
      const last = decodeDown(bytes);
      this.#write(this.#knowsCauseOf(last) ? bytes : encodeDown(withOlderCause(last)));
      this.#lastFrame(last);
      return;
    }
    this.#write(bytes);
    if (type === frameType.accepted) this.#accepted();
  }

  #knowsCauseOf(last: DownFrame): boolean {
    return last.type !== 'ended' || this.#capabilities.includes('later_end_causes');
  }

  #accepted(): void {
    const viewerRequest = this.#viewerRequest;
    if (viewerRequest instanceof AppError) return;
    // The socket may still be paused because of the stream of the previous hub.
    if (this.#socket.isPaused) this.#socket.resume();
    if (this.#request?.create) this.#context.ledger.opened(viewerRequest.sessionId, this.#attachment?.linuxUser);
    this.#sendRecorded(viewerRequest.recording);
    this.#sendPass();
    this.#passTimer ??= setInterval(() => this.#sendPass(), passEveryMs);
  }

  /** The user who types must see it. A client without this capability predates recordings. */
  #sendRecorded(mode: RecordingMode): void {
    if (mode !== 'off' && this.#capabilities.includes('skip_unknown_frames')) this.#send({ type: 'recorded', mode });
  }

  #lastFrame(frame: DownFrame): void {
    const viewerRequest = this.#viewerRequest;
    if (viewerRequest instanceof AppError) return;
    if (frame.type === 'refused') {
      const { code, message } = refusalOf(frame.code, frame.message);
      this.#finish(closeCodeFor(code), message);
    } else if (frame.type === 'ended') {
      this.#context.ledger.ended(viewerRequest.agentId, viewerRequest.sessionId, {
        cause: frame.cause,
        exitCode: frame.exitCode ?? null,
        signal: frame.signal ?? null,
      });
      const { code, reason } = closeForEnd(frame);
      this.#finish(code, reason);
    }
  }

  #sendPass(): void {
    if (this.#request === undefined) return;
    this.#send({ type: 'pass', expiresInMs: resumePassLifeMs, pass: this.#context.sealPass(this.#request) });
  }

  #send(frame: DownFrame): void {
    if (!this.#over) this.#write(encodeDown(frame));
  }

  #pong(nonce: number): void {
    if (this.#over || this.#pongsWaiting >= maxPongsWaiting) return;
    this.#pongsWaiting += 1;
    this.#write(encodeDown({ type: 'pong', scope: 'hop', nonce }), () => {
      this.#pongsWaiting -= 1;
    });
  }

  #write(bytes: Uint8Array, taken: () => void = () => {}): void {
    this.#waiting += 1;
    this.#socket.send(bytes, () => {
      this.#waiting -= 1;
      taken();
      this.#written();
    });
    this.#slot.holds(this.#held);
    if (this.#reading && this.#held > pauseAbove) {
      this.#reading = false;
      this.#attachment?.pause();
    }
  }

  /** Bytes of memory that wait for the client. */
  get #held(): number {
    return this.#socket.bufferedAmount + this.#waiting * messageCost;
  }

  #written(): void {
    this.#slot.holds(this.#held);
    if (this.#reading || this.#held > resumeBelow) return;
    this.#reading = true;
    this.#attachment?.resume();
  }

  /** Sends the error as a frame and as a close code. */
  #refuse(error: AppError): void {
    if (this.#over) return;
    this.#send({ type: 'refused', code: error.code, message: error.message });
    this.#finish(closeCodeFor(error.code), error.message);
  }

  #endFromHere(why: EndedFromHere): void {
    if (why === 'moving') {
      this.#attachment?.detach('moving');
      this.#finish(closeCode.comeBack, 'this instance is shutting down, reconnect');
    } else {
      this.#attachment?.detach(detachFor(why));
      this.#refuse(errorFor(why, this.#request?.sessionKind));
    }
  }

  #finish(code: number, reason: string): void {
    if (this.#over) return;
    this.#leave('broken');
    closeSocket(this.#socket, code, closeReason(reason));
  }

  #closed(code: number): void {
    this.#leave(leftOnPurpose(code) ? 'left' : 'broken');
  }

  #leave(reason: 'left' | 'broken'): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#handshakeTimer);
    clearInterval(this.#passTimer);
    this.#attachment?.detach(reason);
    this.#slot.leave();
  }
}
