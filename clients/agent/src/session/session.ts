import { type EndCause, inputWindow } from '@webxterm/contracts/frames';
import { advance, DriverTracker, Ring, type SessionState, SizeMarks, Writers } from '@webxterm/stream';
import { type AttachedSession, Attachment, type Departure, type Viewer, writerOf } from '../attachment/attachment.ts';
import { OutputFlow } from '../attachment/output-flow.ts';
import type { ScreenSnapshot } from '../screen/messages.ts';
import type { ExitResult } from '../shell/controlled-start.ts';
import { Driver } from './driver.ts';
import { ForegroundReports } from './foreground-reports.ts';
import { type ContinuedParts, handedSession, restoreParts } from './hand-over.ts';
import type { HandedSession } from './handed-session.ts';
import { IdleEnd } from './idle-end.ts';
import { Participants } from './participants.ts';
import { SessionEnd, type SessionResult } from './session-end.ts';
import { SessionInput } from './session-input.ts';
import type { SessionProcess, SizedProcess, WindowSize } from './session-kind.ts';
import type { AttachRequest, SessionContent, SessionOptions, SessionScreen } from './session-options.ts';
import { anyRecorder, SessionRecording } from './session-recording.ts';
import { SessionTitle, type Title } from './session-title.ts';
import { SessionViewers } from './session-viewers.ts';
import { Stall } from './stall.ts';

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
  readonly #writers = new Writers(inputWindow);
  readonly #viewers: SessionViewers;
  /** The people who are attached, and who of them may type. */
  readonly participants: Participants;
  /** The input of the attached viewers. */
  readonly input: SessionInput;
  readonly #process: SessionProcess;
  /** The process again, if it has a window size. */
  readonly #window: SizedProcess | undefined;
  /** Undefined: the output draws no screen. */
  readonly #screen: SessionScreen | undefined;
  readonly #title: SessionTitle;
  readonly #foreground: ForegroundReports;
  readonly #idle: IdleEnd;
  /** Undefined: the session is not recorded. */
  #recording: SessionRecording | undefined;
  /**
   * The output before this offset was acknowledged by a viewer with control. The offset of an attach does not count: a relay that changes
   * the hub names what it has passed on.
   */
  #taken = 0;
  #state: SessionState<EndCause> = { state: 'opening' };
  readonly #end = new SessionEnd();

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
    const { handed, recording, ringSize, now } = options;
    if (recording !== undefined) this.#recording = new SessionRecording({ ringSize, policy: recording, now });
    this.#viewers = new SessionViewers(options.ownerUserId, now() - (handed?.detachedForMs ?? 0));
    if (handed !== undefined) {
      if (handed.recording !== undefined) {
        const policy = handed.recording.required ? 'required' : 'on';
        this.#recording = new SessionRecording({ ringSize, policy, handed: handed.recording, now });
      }
      restoreParts(this.#parts, handed, now());
    }
    [this.#process, this.#window] = this.#start(options.content);
    const shared = {
      ...this.#parts,
      attachments: this.#viewers.byWriter,
      hasEnded: () => this.result !== undefined,
      now,
    };
    const stall = new Stall({ process: this.#process, log: options.log, now });
    this.#driver = new Driver({
      ...shared,
      window: this.#window && { resize: (size) => this.#resize(size) },
      stall,
      waitsFor: () => this.#waitsFor(),
    });
    this.participants = new Participants({ ownerUserId: this.ownerUserId, attachments: this.#viewers.byWriter });
    const foreground = () => (this.result === undefined ? this.#process.foreground?.() : undefined);
    this.#foreground = new ForegroundReports({ ownerUserId: this.ownerUserId, look: foreground, now });
    this.#idle = new IdleEnd({ foreground, idleForMs: handed?.idleForMs ?? 0, now });
    const { participants } = this;
    this.input = new SessionInput({
      ...shared,
      process: this.#process,
      driver: this.#driver,
      participants,
      used: () => this.#idle.used(),
    });
    this.#state = advance(this.#state, { state: 'live' });
    if (handed !== undefined) this.#continueEnd(handed);
  }

  get state(): SessionState<EndCause> {
    return this.#state;
  }

  /** The session ends when its owner leaves. */
  get endsWithViewer(): boolean {
    return this.#options.endsWithViewer === true;
  }

  /** The process waits for its viewer, so that no output is lost. */
  get lossless(): boolean {
    return this.#options.lossless === true;
  }

  /** The rights with which it was opened, and which its owner must keep. */
  get rights(): readonly string[] {
    return this.#options.rights ?? [];
  }

  /** The address that the session connects to. Undefined: not known. */
  get target(): string | undefined {
    return this.#options.target;
  }

  /** 0 columns and rows: the session has no window size. */
  get size(): WindowSize {
    const { cols, rows } = this.#marks.current;
    return { cols, rows };
  }

  /** Number of viewers that are people. Recorders do not count. */
  get attachmentCount(): number {
    let count = 0;
    for (const { viewer } of this.#viewers) if (viewer.role !== 'record') count += 1;
    return count;
  }

  /** Whether no viewer and no recorder is attached. */
  get isUnread(): boolean {
    return this.#viewers.count === 0;
  }

  /** The title as it is now. Empty if the session draws no terminal. */
  get title(): Title {
    return this.#title.read(this.#process);
  }

  has(viewer: Viewer): boolean {
    return this.#viewers.has(viewer);
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
    return this.#viewers.ownerAwayFor(now);
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
    this.#viewers.displace(writer);
    const earlierQueries = this.input.earlierQueries(writer, asked);
    const guest = this.participants.isGuest(request);
    const place = guest ? { driver: false, withinHold: false } : this.#driver.attach(viewer, offset);
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
    this.#viewers.add(attachment);
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
    this.participants.joined(attachment, request.repaints);
    this.#foreground.joined(attachment, request.repaints);
    const opened = request.from === undefined && this.participants.mayType(writer);
    this.#idle.joined(attachment, request.repaints, opened);
    if (flow.waiting) void this.#screen?.snapshot().then((snapshot) => attachment.repaint(snapshot));
    if (this.result !== undefined) attachment.outgoing.endAfterOutput({ type: 'ended', ...this.result });
    this.#driver.regulate();
    return attachment;
  }

  progress(from: Attachment, acked: number): void {
    if (from.viewer.role === 'record') {
      this.#stored(Math.min(acked, from.cursor.next));
      return;
    }
    if (from.viewer.role === 'control') this.#taken = Math.max(this.#taken, Math.min(acked, from.cursor.next));
    this.#driver.progress(from);
    if (this.result !== undefined && from.cursor.acked >= this.result.finalOffset) this.#end.sawAll(from.writer);
  }

  /** Why the process must wait, besides for its driver. Undefined: it need not. */
  #waitsFor(): string | undefined {
    const { head, size } = this.ring;
    if (this.#recording?.mustStall(head) === true) return 'the required recording is behind';
    // A single read adds at most 64 KiB, so nothing that was not taken leaves the ring.
    return this.lossless && head - this.#taken >= size / 2 ? 'the viewer has not taken the output' : undefined;
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
    for (const attachment of this.#viewers) {
      const { viewer } = attachment;
      if (viewer.viewerId === viewerId && (userId === '' || viewer.userId === userId)) this.resize(attachment, size);
    }
  }

  visible(from: Attachment, visible: boolean): void {
    this.#driver.visible(from, visible);
  }

  depart(from: Attachment, departure: Departure): void {
    if (!this.#viewers.remove(from, this.#options.now())) return;
    this.#driver.leave(from.writer, departure === 'broken' ? 'broken' : 'left');
    this.participants.left(from);
    this.#foreground.left(from);
    this.#idle.left(from);
    if (departure !== 'broken' && this.endsWithViewer && this.detachedFor(this.#options.now()) !== undefined)
      this.end(departure === 'revoked' ? 'access_revoked' : 'ended_by_user');
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
    for (const attachment of this.#viewers) attachment.outgoing.finish({ type: 'ended', ...result });
  }

  /** Whether another agent process can continue this session now. */
  get canBeHandedOver(): boolean {
    return this.result !== undefined || this.#process.handOver?.() !== undefined;
  }

  /** Stops output and input until it is called with false. Then nothing changes but the end of the process. */
  freeze(frozen: boolean): void {
    this.input.freeze(frozen);
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
      idleForMs: this.#idle.idleForMs,
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
    this.participants.close();
    this.#foreground.close();
  }

  /**
   * Ends expired holds, logs long stalls, and ends a terminal that is not used. Called about once a second. `idleMs`: how long a terminal may be
   * unused; undefined: without a limit.
   */
  tick(idleMs?: number): void {
    this.#driver.tick(this.id);
    if (this.#screen === undefined || this.result !== undefined || this.#end.cause !== undefined) return;
    if (this.#idle.isOver(idleMs)) this.end('idle_timeout');
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

  #resize(size: WindowSize): void {
    this.#idle.resized();
    this.#window?.resize(size);
  }

  #output(bytes: Uint8Array): void {
    if (this.result !== undefined) return;
    const { head } = this.ring;
    this.ring.append(bytes);
    this.#recording?.wrote(head, this.ring.tail);
    if (this.#screen !== undefined) this.#title.output(bytes);
    this.#foreground.output();
    this.#idle.wrote();
    this.#driver.wrote(head);
    this.input.wrote(head);
    for (const attachment of this.#viewers) attachment.outgoing.kick();
    this.#driver.regulate();
  }

  #evicted(offset: number, bytes: Uint8Array): void {
    this.#screen?.evicted(offset, bytes, this.#marks);
    for (const attachment of this.#viewers) attachment.flow.evicted(offset, bytes);
  }

  #ended(exit: ExitResult): void {
    if (this.result !== undefined) return;
    const holder = this.#driver.brokenHolder;
    const witnesses = [...this.#viewers].filter(({ viewer }) => viewer.role !== 'record').map(({ writer }) => writer);
    if (holder !== undefined) witnesses.push(holder);
    if (this.#recording !== undefined) witnesses.push(anyRecorder);
    const result = this.#end.come(exit, this.ring.head, witnesses, this.#options.now());
    this.#state = advance(this.#state, { state: 'ended', cause: result.cause });
    this.input.close();
    this.#foreground.close();
    this.#driver.release();
    for (const attachment of this.#viewers) attachment.outgoing.endAfterOutput({ type: 'ended', ...result });
    this.#options.onEnded();
  }
}
