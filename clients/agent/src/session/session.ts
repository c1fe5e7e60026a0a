import { type EndCause, inputWindow, type UpFrame } from '@webxterm/contracts/frames';
import { advance, DriverTracker, OutputAges, Ring, type SessionState, SizeMarks, Writers } from '@webxterm/stream';
import { type AttachedSession, Attachment, type Viewer, writerOf } from '../attachment/attachment.ts';
import { OutputFlow } from '../attachment/output-flow.ts';
import type { ScreenSnapshot } from '../screen/messages.ts';
import type { ExitResult } from '../shell/controlled-start.ts';
import { InputPump } from '../shell/input-pump.ts';
import { Driver } from './driver.ts';
import { type ContinuedParts, handedSession, restoreParts } from './hand-over.ts';
import type { HandedSession } from './handed-session.ts';
import { SessionEnd, type SessionResult } from './session-end.ts';
import type { SessionProcess, SizedProcess, WindowSize } from './session-kind.ts';
import type { AttachRequest, SessionContent, SessionOptions, SessionScreen } from './session-options.ts';
import { anyRecorder, SessionRecording } from './session-recording.ts';
import { SessionTitle, type Title } from './session-title.ts';
import { Stall } from './stall.ts';

/**
 * Longest age of a query, in ms, for a reply to be accepted. The program no longer waits for a later reply, so it would count as typed
 * input.
 */
const longestAnswerMs = 4000;

/** The size in messages about a session without a window. */
const noSize: WindowSize = { cols: 0, rows: 0 };

/** One process with its output ring, attachments and driver. It outlives every connection. The kind of process makes no difference here. */
export class Session implements AttachedSession {
  readonly id: string;
  readonly ownerUserId: string;
  readonly kind: string;
  readonly createdAtMs: number;
  readonly ring: Ring;
  readonly #options: SessionOptions;
  readonly #marks: SizeMarks;
  readonly #tracker: DriverTracker;
  readonly #driver: Driver;
  readonly #ages = new OutputAges();
  readonly #writers = new Writers(inputWindow);
  readonly #attachments = new Map<string, Attachment>();
  readonly #process: SessionProcess;
  /** The process again, if it has a window size. */
  readonly #window: SizedProcess | undefined;
  /** Undefined: the output draws no screen. */
  readonly #screen: SessionScreen | undefined;
  readonly #pump: InputPump;
  readonly #title: SessionTitle;
  /** Undefined: the session is not recorded. */
  #recording: SessionRecording | undefined;
  #state: SessionState<EndCause> = { state: 'opening' };
  readonly #end = new SessionEnd();
  #detachedAt: number | undefined;

  /** @throws Error if the process cannot be started */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.ownerUserId = options.ownerUserId;
    this.kind = options.kind;
    this.createdAtMs = options.handed?.createdAtMs ?? Date.now();
    this.ring = new Ring(options.ringSize, (offset, bytes) => this.#evicted(offset, bytes));
    this.#screen = options.content.output === 'terminal' ? options.content.screen : undefined;
    this.#marks = new SizeMarks(options.content.output === 'terminal' ? options.content.size : noSize);
    this.#tracker = new DriverTracker(options.ringSize);
    this.#title = new SessionTitle(options.handed?.title);
    this.#detachedAt = options.now();
    const { handed, recording, ringSize, now } = options;
    if (recording !== undefined) this.#recording = new SessionRecording({ ringSize, policy: recording, now });
    if (handed !== undefined) {
      if (handed.recording !== undefined) {
        const policy = handed.recording.required ? 'required' : 'on';
        this.#recording = new SessionRecording({ ringSize, policy, handed: handed.recording, now });
      }
      restoreParts(this.#parts, handed, options.now());
      this.#detachedAt = options.now() - (handed.detachedForMs ?? 0);
    }
    [this.#process, this.#window] = this.#start(options.content);
    this.#pump = new InputPump(this.#process);
    this.#driver = new Driver({
      ...this.#parts,
      attachments: this.#attachments,
      window: this.#window,
      stall: new Stall({ process: this.#process, log: options.log, now: options.now }),
      waitsForRecorder: () => this.#recording?.mustStall(this.ring.head) === true,
      hasEnded: () => this.result !== undefined,
      now: options.now,
    });
    this.#state = advance(this.#state, { state: 'live' });
    if (handed !== undefined) this.#continueEnd(handed);
  }

  get state(): SessionState<EndCause> {
    return this.#state;
  }

  /** 0 columns and rows: the session has no window size. */
  get size(): WindowSize {
    const { cols, rows } = this.#marks.current;
    return { cols, rows };
  }

  /** Number of viewers that are people. Recorders do not count. */
  get attachmentCount(): number {
    let count = 0;
    for (const { viewer } of this.#attachments.values()) if (viewer.role !== 'record') count += 1;
    return count;
  }

  /** Whether nobody reads the output, not even a recorder. */
  get isUnread(): boolean {
    return this.#attachments.size === 0;
  }

  /** The title as it is now. Empty if the session draws no terminal. */
  get title(): Title {
    return this.#title.read(this.#process);
  }

  has(viewer: Viewer): boolean {
    return this.#attachments.has(writerOf(viewer));
  }

  /** The result, or undefined while the session is alive. */
  get result(): SessionResult | undefined {
    return this.#end.result;
  }

  /** Whether all viewers attached at the end have acknowledged the last output. */
  get seenToTheEnd(): boolean {
    return this.#end.seen;
  }

  /** ms for which the owner has not been attached, or undefined while the owner is attached. Other viewers do not keep a session alive. */
  detachedFor(now: number): number | undefined {
    return this.#detachedAt === undefined ? undefined : now - this.#detachedAt;
  }

  /** ms since the end, or undefined while the session is alive. */
  endedFor(now: number): number | undefined {
    return this.#end.since(now);
  }

  /**
   * Attaches a viewer. Sends `accepted`, then a snapshot or a gap if the viewer is behind the ring, then the output. Replaces an older
   * attachment of the viewer.
   */
  attach(request: AttachRequest): Attachment {
    const { viewer } = request;
    const repaints = request.repaints && this.#screen !== undefined;
    const size = this.#window === undefined ? undefined : request.size;
    const writer = writerOf(viewer);
    const { head, tail } = this.ring;
    const asked = Math.min(request.from ?? 0, head);
    const offset = repaints ? asked : Math.max(asked, tail);
    const gate = this.#writers.enter(writer);
    this.#displace(writer);
    const earlierQueries = this.#earlierQueries(writer, asked);
    const place = this.#driver.attach(viewer, offset);
    const recording = viewer.role === 'record' ? this.#recordedFrom(offset, request) : undefined;
    if (place.driver && size !== undefined) this.#driver.applySize(size);
    const flow = new OutputFlow({
      ring: this.ring,
      marks: this.#marks,
      from: offset,
      liveFrom: head,
      size: this.size,
      repaints,
      times: recording?.times,
      holds: () => this.#driver.holds(writer),
    });
    const attachment = new Attachment({
      viewer,
      flow,
      gate,
      earlierQueries,
      session: this,
      transport: request.transport,
    });
    attachment.wantedSize = size;
    this.#attachments.set(writer, attachment);
    if (this.#isOwner(viewer)) this.#detachedAt = undefined;
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
    if (flow.waiting) void this.#screen?.snapshot().then((snapshot) => attachment.repaint(snapshot));
    if (this.result !== undefined) attachment.outgoing.endAfterOutput({ type: 'ended', ...this.result });
    this.#driver.regulate();
    return attachment;
  }

  input(from: Attachment, frame: Extract<UpFrame, { type: 'input' }>): void {
    const { gate } = from;
    if (frame.payload.length === 0) {
      if (!frame.reply && this.result === undefined) this.#driver.typed(from);
      return;
    }
    const verdict = gate.receive(frame.offset, frame.payload);
    if (verdict.kind !== 'take') {
      const type = verdict.kind === 'reset' ? 'input_reset' : 'input_ack';
      from.outgoing.sendControl({ type, applied: gate.applied, limit: gate.limit });
      return;
    }
    if (this.result !== undefined) return;
    if (!frame.reply) this.#driver.typed(from);
    this.#pump.push({
      bytes: verdict.bytes,
      discard: frame.reply && (!this.#driver.is(from.writer) || this.#isLate(from, frame.earlier)),
      onApplied: (count) => {
        gate.apply(count);
        this.#attachments.get(from.writer)?.ackInput();
      },
    });
  }

  /**
   * Whether the query of a reply is too old. An emulator replies before it acknowledges the query, so the query is at or after the first
   * unacknowledged offset: that of this attachment, or of the attachment before it for an earlier reply.
   */
  #isLate(from: Attachment, earlier: boolean): boolean {
    const query = earlier ? from.earlierQueries : from.cursor.acked;
    return this.#ages.of(query, this.ring.head, this.#options.now()) > longestAnswerMs;
  }

  /** The first output that the viewer had not acknowledged before this attachment, or the last that it has received if that is unknown. */
  #earlierQueries(writer: string, receivedUpTo: number): number {
    const { current } = this.#tracker;
    const acked = current?.driver === writer ? current.progress?.acked : undefined;
    return Math.min(acked ?? receivedUpTo, receivedUpTo - 1);
  }

  progress(from: Attachment, acked: number): void {
    if (from.viewer.role === 'record') {
      this.#stored(Math.min(acked, from.cursor.next));
      return;
    }
    this.#driver.progress(from);
    if (this.result !== undefined && from.cursor.acked >= this.result.finalOffset) this.#end.sawAll(from.writer);
  }

  /** A recorder attaches at this offset. */
  #recordedFrom(offset: number, { recording: policy = 'on' }: AttachRequest): SessionRecording {
    const { ringSize, now } = this.#options;
    this.#recording ??= new SessionRecording({ ringSize, policy, now });
    this.#recording.attached(offset, policy);
    return this.#recording;
  }

  /** A recorder has stored all output before this offset. */
  #stored(offset: number): void {
    this.#recording?.stored(offset);
    this.#driver.regulate();
    if (this.result !== undefined && offset >= this.result.finalOffset) this.#end.sawAll(anyRecorder);
  }

  /** Applies the driver's size. Another viewer's size is stored until it drives. No effect if the session has no window size. */
  resize(from: Attachment, size: WindowSize): void {
    this.#driver.resize(from, size);
  }

  /** Resizes on behalf of a viewer, requested outside its stream. Empty `userId`: any user. */
  resizeFor({ viewerId, userId }: Pick<Viewer, 'viewerId' | 'userId'>, size: WindowSize): void {
    for (const attachment of this.#attachments.values()) {
      const { viewer } = attachment;
      if (viewer.viewerId === viewerId && (userId === '' || viewer.userId === userId)) this.resize(attachment, size);
    }
  }

  visible(from: Attachment, visible: boolean): void {
    this.#driver.visible(from, visible);
  }

  depart(from: Attachment, departure: 'left' | 'broken'): void {
    if (this.#attachments.get(from.writer) !== from) return;
    const now = this.#options.now();
    this.#attachments.delete(from.writer);
    if (![...this.#attachments.values()].some((other) => this.#isOwner(other.viewer))) this.#detachedAt ??= now;
    this.#driver.leave(from.writer, departure);
  }

  /** Hangs up the process, and kills it after 5 s. The first cause is kept. */
  end(cause: EndCause): void {
    this.#end.bring(cause, this.#process);
  }

  /** Reports to all viewers that the agent stops, and ends the process. Later output is lost. */
  abandon(): void {
    this.end('agent_stopped');
    this.#ended({ exitCode: undefined, signal: 'SIGHUP' });
    const { result } = this;
    if (result === undefined) return;
    for (const attachment of this.#attachments.values()) attachment.outgoing.finish({ type: 'ended', ...result });
  }

  /** Whether another agent process can continue this session now. */
  get canBeHandedOver(): boolean {
    return this.result !== undefined || this.#process.handOver?.() !== undefined;
  }

  /** Stops output and input until it is called with false. Then nothing changes but the end of the process. */
  freeze(frozen: boolean): void {
    this.#pump.freeze(frozen);
    this.#driver.freeze(frozen);
  }

  /** The screen of the output before the ring, for `handOver`. */
  snapshot(): Promise<ScreenSnapshot | undefined> {
    return this.#screen?.snapshot() ?? Promise.resolve(undefined);
  }

  /** How another agent process continues this session, which is frozen. @throws Error if it cannot be continued */
  handOver(screen: ScreenSnapshot | undefined): HandedSession {
    const { id, ownerUserId, kind, createdAtMs } = this;
    const now = this.#options.now();
    const session = {
      id,
      ownerUserId,
      kind,
      createdAtMs,
      title: this.title.title,
      detachedForMs: this.detachedFor(now),
    };
    return handedSession(session, this.#parts, this.#process, screen, now);
  }

  get #parts(): ContinuedParts {
    return {
      ring: this.ring,
      marks: this.#marks,
      tracker: this.#tracker,
      writers: this.#writers,
      end: this.#end,
      recording: this.#recording,
    };
  }

  #continueEnd({ process, cause }: HandedSession): void {
    if (process.state === 'ended') {
      this.#state = advance(this.#state, { state: 'ended', cause: process.cause });
      this.#driver.release();
    } else if (cause !== undefined) this.end(cause);
  }

  /** Releases the screen. Called when the session is no longer needed. */
  forget(): void {
    this.#screen?.close();
  }

  /** Ends expired holds and logs long stalls. Called about once a second. */
  tick(): void {
    this.#driver.tick(this.id);
  }

  #start(content: SessionContent): [SessionProcess, SizedProcess | undefined] {
    const events = {
      onOutput: (bytes: Uint8Array) => this.#output(bytes),
      onEnd: (result: ExitResult) => this.#ended(result),
    };
    if (content.output === 'bytes') return [content.start(events), undefined];
    const process = content.start(events, content.size);
    return [process, process];
  }

  #output(bytes: Uint8Array): void {
    if (this.result !== undefined) return;
    const { head } = this.ring;
    this.ring.append(bytes);
    this.#recording?.wrote(head, this.ring.tail);
    if (this.#screen !== undefined) this.#title.output(bytes);
    this.#driver.wrote(head);
    this.#ages.wrote(head, this.#options.now());
    for (const attachment of this.#attachments.values()) attachment.outgoing.kick();
    this.#driver.regulate();
  }

  #evicted(offset: number, bytes: Uint8Array): void {
    this.#screen?.evicted(offset, bytes, this.#marks);
    for (const attachment of this.#attachments.values()) attachment.flow.evicted(offset, bytes);
  }

  #ended(exit: ExitResult): void {
    if (this.result !== undefined) return;
    const holder = this.#driver.brokenHolder;
    const witnesses = [...this.#attachments.values()]
      .filter(({ viewer }) => viewer.role !== 'record')
      .map(({ writer }) => writer);
    if (holder !== undefined) witnesses.push(holder);
    if (this.#recording !== undefined) witnesses.push(anyRecorder);
    const result = this.#end.come(exit, this.ring.head, witnesses, this.#options.now());
    this.#state = advance(this.#state, { state: 'ended', cause: result.cause });
    this.#pump.close();
    this.#driver.release();
    for (const attachment of this.#attachments.values())
      attachment.outgoing.endAfterOutput({ type: 'ended', ...result });
    this.#options.onEnded();
  }

  #isOwner({ userId }: Viewer): boolean {
    return userId === this.ownerUserId;
  }

  #displace(writer: string): void {
    const old = this.#attachments.get(writer);
    if (old === undefined) return;
    this.#attachments.delete(writer);
    old.release({ type: 'refused', code: 'displaced', message: 'A newer connection of this viewer took over.' });
  }
}
