import { type DownFrame, decodeUp, FrameError, maxOutputWindow, type UpFrame } from '@webxterm/contracts/frames';
import { type InputGate, type OutputCursor, StreamProtocolError } from '@webxterm/stream';
import type { ScreenSnapshot } from '../screen/messages.ts';
import type { WindowSize } from '../session/session-kind.ts';
import { type AttachmentTransport, Outgoing } from './outgoing.ts';
import type { OutputFlow } from './output-flow.ts';

/** The viewer of an attachment. `writerOf` gives the key for all state that outlives the attachment. */
export type Viewer = {
  userId: string;
  /** 32 hex digits. */
  viewerId: string;
  /** `record`: reads all output and its times, and does not count as a viewer. */
  role: 'control' | 'view' | 'record';
  /** The username, for the other viewers. Undefined: a hub of an older version did not name it. */
  name?: string;
  /** A guest who may type without being allowed to by the owner. */
  typesAlways?: boolean;
};

export const writerOf = (viewer: Pick<Viewer, 'userId' | 'viewerId'>): string => `${viewer.userId}/${viewer.viewerId}`;

/** How a viewer went: on purpose, by a break of its connection, or because the hub ended its right. */
export type Departure = 'left' | 'broken' | 'revoked';

/** The session as used by its attachments. */
export type AttachedSession = {
  readonly input: { receive(from: Attachment, frame: Extract<UpFrame, { type: 'input' }>): void };
  /** `acked`: as the viewer said. The cursor of the attachment may be ahead of it. */
  progress(from: Attachment, acked: number): void;
  resize(from: Attachment, size: WindowSize): void;
  visible(from: Attachment, visible: boolean): void;
  readonly participants: {
    asks(from: Attachment, asks: boolean): void;
    give(from: Attachment, number: number): void;
  };
  /** The attachment has ended. `left`: the viewer closed it. `broken`: the connection broke, so the viewer will try to attach again. */
  depart(from: Attachment, departure: Departure): void;
};

export type AttachmentOptions = {
  viewer: Viewer;
  flow: OutputFlow;
  gate: InputGate;
  /** Offset of output that is not newer than any query received before this attachment. Replies marked `earlier` count from it. */
  earlierQueries: number;
  session: AttachedSession;
  transport: AttachmentTransport;
};

/** An ack is sent at once after this many applied bytes, because a paste must not wait at its limit. */
const ackAtOnce = 64 * 1024;

/** One viewer's attachment to a session: its output position, and both directions of its stream. */
export class Attachment {
  readonly viewer: Viewer;
  readonly writer: string;
  readonly flow: OutputFlow;
  readonly gate: InputGate;
  readonly earlierQueries: number;
  readonly outgoing: Outgoing;
  /** The size of this viewer's window: applied while it drives. Undefined: unknown, or the session has no size. */
  wantedSize: WindowSize | undefined;
  readonly #session: AttachedSession;
  #departed = false;
  #sentDriver = { driver: false, hold: false };
  #ackedInput = 0;

  constructor(options: AttachmentOptions) {
    this.viewer = options.viewer;
    this.writer = writerOf(options.viewer);
    this.gate = options.gate;
    this.flow = options.flow;
    this.earlierQueries = options.earlierQueries;
    this.outgoing = new Outgoing(options.flow, options.transport);
    this.#session = options.session;
  }

  get cursor(): OutputCursor {
    return this.flow.cursor;
  }

  /** Passes on the requested snapshot of the screen. */
  repaint(snapshot: ScreenSnapshot | undefined): void {
    this.flow.repaint(snapshot);
    this.outgoing.kick();
  }

  /** Sends the first frame of the attachment, and the gap before its offset if there is one. */
  accept(frame: Extract<DownFrame, { type: 'accepted' }>, lostFrom: number): void {
    this.#sentDriver = { driver: frame.driver, hold: frame.driver };
    this.#ackedInput = frame.inputApplied;
    const to = frame.offset;
    if (lostFrom < to) this.outgoing.sendControl(frame, { type: 'gap', from: lostFrom, to });
    else this.outgoing.sendControl(frame);
  }

  /** Reports to the viewer whether it drives and whether it has the hold, on a change only. */
  sendDriver(driver: boolean, hold: boolean): void {
    if (this.#sentDriver.driver === driver && this.#sentDriver.hold === hold) return;
    this.#sentDriver = { driver, hold };
    this.outgoing.sendControl({ type: 'driver', driver, hold });
  }

  /** Acknowledges the applied input of this viewer. */
  ackInput(): void {
    const { applied, limit } = this.gate;
    const ack = { type: 'input_ack', applied, limit } as const;
    if (applied - this.#ackedInput < ackAtOnce) {
      this.outgoing.ackSoon(ack);
      return;
    }
    this.#ackedInput = applied;
    this.outgoing.sendControl(ack);
  }

  /** Handles a frame from the viewer. A protocol violation ends this attachment only. */
  receive(bytes: Uint8Array): void {
    if (this.#departed) return;
    try {
      this.#act(decodeUp(bytes));
    } catch (error) {
      if (!(error instanceof FrameError) && !(error instanceof StreamProtocolError)) throw error;
      this.refuse({ type: 'refused', code: 'bad_request', message: error.message });
    }
  }

  /** The stream from the viewer ended without a detach frame. */
  broken(): void {
    this.#depart('broken');
    this.outgoing.finish();
  }

  /** Ends the attachment. `frame` is its last frame. */
  refuse(frame: Extract<DownFrame, { type: 'refused' }>): void {
    this.outgoing.finish(frame);
    this.#depart('broken');
  }

  /** Ends the stream without a call to the session, which has already removed this attachment. */
  release(frame?: DownFrame): void {
    this.#departed = true;
    this.outgoing.finish(frame);
  }

  #act(frame: UpFrame): void {
    switch (frame.type) {
      case 'input':
        if (this.viewer.role === 'control') this.#session.input.receive(this, frame);
        else this.refuse({ type: 'refused', code: 'view_only', message: 'This attachment is read-only.' });
        return;
      case 'limit':
        // A larger limit would let one viewer fill the memory of the relays.
        this.cursor.allow(frame.acked, Math.min(frame.limit, frame.acked + maxOutputWindow));
        this.#session.progress(this, frame.acked);
        this.outgoing.kick();
        return;
      case 'resize':
        if (this.viewer.role === 'control') this.#session.resize(this, { cols: frame.cols, rows: frame.rows });
        return;
      case 'visible':
        this.#session.visible(this, frame.visible);
        return;
      case 'ping':
        this.outgoing.sendControl({ type: 'pong', scope: frame.scope, nonce: frame.nonce });
        return;
      case 'detach':
        this.#depart(frame.reason === 'left' || frame.reason === 'revoked' ? frame.reason : 'broken');
        this.outgoing.finish();
        return;
      case 'snapshot_ack':
        this.flow.snapshotAcked(frame.bytes);
        this.outgoing.kick();
        return;
      case 'ask_to_type':
        this.#session.participants.asks(this, frame.asks);
        return;
      case 'give_typing':
        this.#session.participants.give(this, frame.viewer);
        return;
      case 'unknown':
        return;
      default:
        throw new FrameError(`unexpected ${frame.type} frame`);
    }
  }

  #depart(departure: Departure): void {
    if (this.#departed) return;
    this.#departed = true;
    this.#session.depart(this, departure);
  }
}
