import { type EndCause, inputWindow, type UpFrame } from '@webxterm/contracts/frames';
import { advance, DriverSeat, type Progress, Ring, type SessionState, SizeMarks, Writers } from '@webxterm/stream';
import type { Logger } from 'pino';
import { type AttachedSession, Attachment, type Viewer, writerOf } from '../attachment/attachment.ts';
import type { AttachmentTransport } from '../attachment/outgoing.ts';
import { InputPump } from '../shell/input-pump.ts';
import type { ExitResult, PtyEvents, PtySize } from '../shell/pty.ts';
import { killAfterHangupMs } from '../shell/pty.ts';
import { Stall } from './stall.ts';

/** The shell as a session needs it. */
export type Terminal = {
  write(bytes: Uint8Array): number;
  resize(size: PtySize): void;
  pause(): void;
  resume(): void;
  kill(signal: NodeJS.Signals): void;
};

export type SessionResult = ExitResult & { finalOffset: number; cause: EndCause };

export type SessionOptions = {
  /** 32 hex digits. */
  id: string;
  ownerUserId: string;
  kind: string;
  size: PtySize;
  /** Bytes of output kept. */
  ringSize: number;
  spawn(events: PtyEvents, size: PtySize): Terminal;
  onEnded(session: Session): void;
  log: Logger;
  /** ms on a clock that does not go back. */
  now(): number;
};

export type AttachRequest = {
  viewer: Viewer;
  created: boolean;
  /** The viewer has every byte before this; undefined: it has nothing. */
  from: number | undefined;
  size: PtySize | undefined;
  transport: AttachmentTransport;
};

/** One shell: its ring, who is attached to it, who drives it. It outlives every connection. */
export class Session implements AttachedSession {
  readonly id: string;
  readonly ownerUserId: string;
  readonly kind: string;
  readonly createdAtMs = Date.now();
  readonly ring: Ring;
  readonly #options: SessionOptions;
  readonly #marks: SizeMarks;
  readonly #seat: DriverSeat;
  readonly #writers = new Writers(inputWindow);
  readonly #attachments = new Map<string, Attachment>();
  readonly #terminal: Terminal;
  readonly #pump: InputPump;
  readonly #stall: Stall;
  #state: SessionState<EndCause> = { state: 'opening' };
  #result: SessionResult | undefined;
  /** Viewers that have not acknowledged the last byte of an ended session. */
  #unseen: Set<string> | undefined;
  #seen = false;
  #detachedAt: number | undefined;
  #endedAt: number | undefined;
  #endCause: EndCause | undefined;
  #killTimer: NodeJS.Timeout | undefined;

  /** @throws Error when the shell cannot be started. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.ownerUserId = options.ownerUserId;
    this.kind = options.kind;
    this.ring = new Ring(options.ringSize);
    this.#marks = new SizeMarks(options.size);
    this.#seat = new DriverSeat(options.ringSize);
    this.#detachedAt = options.now();
    this.#terminal = options.spawn(
      { onOutput: (bytes) => this.#output(bytes), onEnd: (result) => this.#ended(result) },
      options.size,
    );
    this.#pump = new InputPump(this.#terminal);
    this.#stall = new Stall({ terminal: this.#terminal, log: options.log, now: options.now });
    this.#state = advance(this.#state, { state: 'live' });
  }

  get state(): SessionState<EndCause> {
    return this.#state;
  }

  get size(): PtySize {
    const { cols, rows } = this.#marks.current;
    return { cols, rows };
  }

  get attachmentCount(): number {
    return this.#attachments.size;
  }

  /** How it ended; undefined while it lives. */
  get result(): SessionResult | undefined {
    return this.#result;
  }

  /** Everyone who was there when it ended has acknowledged the last byte. */
  get seenToTheEnd(): boolean {
    return this.#seen;
  }

  /** ms since nobody is attached; undefined while somebody is. */
  detachedFor(now: number): number | undefined {
    return this.#detachedAt === undefined ? undefined : now - this.#detachedAt;
  }

  /** ms since its end; undefined while it lives. */
  endedFor(now: number): number | undefined {
    return this.#endedAt === undefined ? undefined : now - this.#endedAt;
  }

  /** Attaches a viewer: `accepted` first, then a gap if there is one, then the output. An older attachment of it goes. */
  attach(request: AttachRequest): Attachment {
    const now = this.#options.now();
    const { viewer } = request;
    const writer = writerOf(viewer);
    const { head, tail } = this.ring;
    const asked = Math.min(request.from ?? 0, head);
    const offset = Math.max(asked, tail);
    const gate = this.#writers.enter(writer);
    this.#displace(writer);
    const attachment = new Attachment({
      viewer,
      ring: this.ring,
      offset,
      gate,
      session: this,
      transport: request.transport,
    });
    const control = viewer.role === 'control' && this.#result === undefined;
    const place = control
      ? this.#seat.attach(writer, this.#progressOf(attachment), now)
      : { driver: false, withinHold: false };
    attachment.wantedSize = request.size;
    if (place.driver && request.size !== undefined) this.#applySize(request.size);
    this.#attachments.set(writer, attachment);
    this.#detachedAt = undefined;
    attachment.accept(
      {
        type: 'accepted',
        created: request.created,
        driver: place.driver,
        offset,
        head,
        liveFrom: place.withinHold ? offset : head,
        inputApplied: gate.applied,
        inputLimit: gate.limit,
        ...this.size,
      },
      asked,
    );
    if (this.#result !== undefined) this.#tellEnd(attachment, this.#result);
    this.#regulate();
    return attachment;
  }

  input(from: Attachment, frame: Extract<UpFrame, { type: 'input' }>): void {
    const { gate } = from;
    const verdict = gate.receive(frame.offset, frame.payload);
    if (verdict.kind !== 'take') {
      const type = verdict.kind === 'reset' ? 'input_reset' : 'input_ack';
      from.outgoing.tell({ type, applied: gate.applied, limit: gate.limit });
      return;
    }
    if (this.#result !== undefined) return;
    if (!frame.reply) this.#drives(from);
    this.#pump.push({
      bytes: verdict.bytes,
      discard: frame.reply && this.#seat.driver !== from.writer,
      onApplied: (count) => {
        gate.apply(count);
        this.#attachments.get(from.writer)?.ackInput();
      },
    });
  }

  progress(from: Attachment): void {
    this.#seat.progress(from.writer, this.#progressOf(from), this.#options.now());
    this.#tellDriver();
    this.#regulate();
    if (this.#result !== undefined && from.cursor.acked >= this.#result.finalOffset) this.#sawTheEnd(from.writer);
  }

  /** Only the driver's size counts; another viewer's is kept for when it drives. */
  resize(from: Attachment, size: PtySize): void {
    from.wantedSize = size;
    if (this.#seat.driver === from.writer) this.#applySize(size);
  }

  /** The size that a viewer asked for elsewhere than on its stream. */
  resizeFor(viewer: Pick<Viewer, 'viewerId'>, size: PtySize): void {
    for (const attachment of this.#attachments.values()) {
      if (attachment.viewer.viewerId === viewer.viewerId) this.resize(attachment, size);
    }
  }

  visible(from: Attachment, visible: boolean): void {
    this.#seat.visible(from.writer, visible, this.#progressOf(from), this.#options.now());
    this.#tellDriver();
    this.#regulate();
  }

  depart(from: Attachment, departure: 'left' | 'broken'): void {
    if (this.#attachments.get(from.writer) !== from) return;
    const now = this.#options.now();
    this.#attachments.delete(from.writer);
    this.#seat.leave(from.writer, departure, now);
    if (this.#seat.brokenHolder !== from.writer) this.#writers.leave(from.writer);
    if (this.#attachments.size === 0) this.#detachedAt = now;
    this.#regulate();
  }

  /** Ends the shell: SIGHUP, and SIGKILL after 5 s. The first cause stands. */
  end(cause: EndCause): void {
    if (this.#result !== undefined) return;
    this.#endCause ??= cause;
    this.#terminal.kill('SIGHUP');
    this.#terminal.kill('SIGCONT');
    this.#killTimer ??= setTimeout(() => this.#terminal.kill('SIGKILL'), killAfterHangupMs);
  }

  /** Tells everyone attached that the agent goes, and hangs up: what the shell still says is lost. */
  abandon(): void {
    if (this.#result === undefined) {
      this.end('agent_stopped');
      this.#ended({ exitCode: undefined, signal: 'SIGHUP' });
    }
    if (this.#result === undefined) return;
    for (const attachment of this.#attachments.values()) attachment.outgoing.finish({ type: 'ended', ...this.#result });
  }

  /** Holds expire and long stalls are told; called about once a second. */
  tick(): void {
    const now = this.#options.now();
    const holder = this.#seat.brokenHolder;
    this.#seat.expire(this.ring.head, now);
    if (holder !== undefined && this.#seat.brokenHolder !== holder && !this.#attachments.has(holder)) {
      this.#writers.leave(holder);
    }
    this.#tellDriver();
    this.#regulate();
    const reason = holder === undefined ? 'the driver allows no more output' : 'the driver broke off and may come back';
    this.#stall.tick({ session: this.id, head: this.ring.head, reason });
  }

  #output(bytes: Uint8Array): void {
    if (this.#result !== undefined) return;
    const { head } = this.ring;
    this.ring.append(bytes);
    this.#seat.wrote(head, this.#options.now());
    for (const attachment of this.#attachments.values()) attachment.outgoing.kick();
    this.#regulate();
  }

  /** Reads the terminal or lets it wait, as the driver's hold demands. */
  #regulate(): void {
    this.#stall.set(this.#result === undefined && this.#seat.mustStall(this.ring.head));
  }

  #ended(exit: ExitResult): void {
    if (this.#result !== undefined) return;
    clearTimeout(this.#killTimer);
    const cause = this.#endCause ?? 'shell_exit';
    const result = { ...exit, finalOffset: this.ring.head, cause };
    this.#result = result;
    this.#state = advance(this.#state, { state: 'ended', cause });
    this.#endedAt = this.#options.now();
    this.#pump.close();
    this.#unseen = new Set(this.#attachments.keys());
    const holder = this.#seat.brokenHolder;
    if (holder !== undefined) this.#unseen.add(holder);
    this.#seat.release();
    for (const attachment of this.#attachments.values()) this.#tellEnd(attachment, result);
    this.#options.onEnded(this);
  }

  #tellEnd(attachment: Attachment, result: SessionResult): void {
    attachment.outgoing.endAfterOutput({ type: 'ended', ...result });
  }

  #sawTheEnd(writer: string): void {
    if (this.#unseen?.delete(writer) === true && this.#unseen.size === 0) this.#seen = true;
  }

  #drives(from: Attachment): void {
    if (this.#seat.driver === from.writer) return;
    this.#seat.typed(from.writer, this.#progressOf(from), this.#options.now());
    if (from.wantedSize !== undefined) this.#applySize(from.wantedSize);
    this.#tellDriver();
    this.#regulate();
  }

  #applySize(size: PtySize): void {
    const mark = { offset: this.ring.head, ...size };
    if (!this.#marks.add(mark)) return;
    this.#marks.trim(this.ring.tail);
    this.#terminal.resize(size);
    for (const attachment of this.#attachments.values()) attachment.outgoing.tell({ type: 'size', ...mark });
  }

  #tellDriver(): void {
    for (const attachment of this.#attachments.values()) {
      const driver = this.#seat.driver === attachment.writer;
      attachment.tellDriver(driver, driver && this.#seat.holds);
    }
  }

  #displace(writer: string): void {
    const old = this.#attachments.get(writer);
    if (old === undefined) return;
    this.#attachments.delete(writer);
    old.release({ type: 'refused', code: 'displaced', message: 'A newer connection of this viewer took over.' });
  }

  #progressOf(attachment: Attachment): Progress {
    return { acked: attachment.cursor.acked, limit: attachment.cursor.limit };
  }
}
