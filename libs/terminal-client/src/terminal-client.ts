import { closeCode, type DownFrame, subprotocol } from '@webxterm/contracts/frames';
import { type TerminalClientOptions, type TerminalHandlers, TerminalRefusal, type TerminalState } from './api.ts';
import { Backoff } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';
import { Connection } from './connection.ts';
import { Credentials } from './credentials.ts';
import { idFromText, idToText, newId } from './id-text.ts';
import { IncomingOutput, type OutputSink } from './incoming-output.ts';
import { IncomingSnapshot } from './incoming-snapshot.ts';
import { OutgoingInput } from './outgoing-input.ts';
import { Patience } from './patience.ts';
import { verdictOf } from './verdict.ts';
import { openGlobalSocket } from './web-socket.ts';

/** The server finds a connection dead after 6 s of silence, and its hub a little later. */
const placeFreeWithinMs = 15_000;

type Frame<T extends DownFrame['type']> = Extract<DownFrame, { type: T }>;

/**
 * One viewer of one terminal session (`webxterm.v1`): it attaches, comes back by itself after every break, and gives each
 * byte of output once and in order; what is typed meanwhile is kept and arrives once.
 */
export class TerminalClient {
  readonly #options: TerminalClientOptions;
  readonly #handlers: TerminalHandlers;
  readonly #clock: Clock;
  readonly #credentials: Credentials;
  readonly #backoff: Backoff;
  readonly #patience: Patience;
  readonly #viewerId: Uint8Array;
  readonly #input: OutgoingInput;
  readonly #output: IncomingOutput;
  readonly #snapshot: IncomingSnapshot;
  #state: TerminalState = { state: 'connecting' };
  #size: { cols: number; rows: number };
  #visible = true;
  /** The terminal's size as it is; this viewer's counts while it drives. */
  #applied: { cols: number; rows: number };
  #driver = false;
  /** Output before this is of the past. */
  #liveFrom = 0;
  /** The size has been told since the replay ended. */
  #liveSized = true;
  /** The session is known to exist: from now on nothing may open a new shell under its id. */
  #opened: boolean;
  /** Output from here on is wanted; undefined: all that there is. */
  #hasFrom: boolean;
  #connection: Connection | undefined;
  /** When the try under way began; undefined once it was live. */
  #triedAt: number | undefined;
  #liveSince: number | undefined;
  /** When the last connection that was live broke. */
  #lostAt: number | undefined;
  #refused: Frame<'refused'> | undefined;
  #ended: Frame<'ended'> | undefined;
  #closed = false;
  #stopRetry: () => void = () => {};

  /** @throws RangeError when the viewer id to resume with is none */
  constructor(options: TerminalClientOptions) {
    this.#options = options;
    this.#handlers = options.handlers;
    this.#clock = options.clock ?? systemClock;
    this.#size = options.size;
    this.#applied = options.size;
    this.#opened = options.resume !== undefined;
    this.#hasFrom = options.resume?.from !== undefined;
    this.#viewerId = options.resume === undefined ? newId() : idFromText(options.resume.viewerId);
    this.#patience = new Patience(this.#clock);
    this.#credentials = new Credentials(options.ticket, this.#clock, this.#patience, options.resume?.sessionId);
    this.#backoff = new Backoff(options.random ?? Math.random);
    this.#input = new OutgoingInput(this.#clock, (bytes) => options.handlers.inputApplied?.(bytes));
    this.#snapshot = new IncomingSnapshot(options.handlers);
    this.#output = new IncomingOutput(this.#rendering(), this.#clock, options.resume?.from ?? 0);
  }

  get state(): TerminalState {
    return this.#state;
  }

  get sessionId(): string | undefined {
    return this.#credentials.sessionId;
  }

  /** Bytes of input taken so far, typed or replied. */
  get inputTaken(): number {
    return this.#input.taken;
  }

  start(): void {
    void this.#connect();
  }

  /**
   * Types; queued while there is no connection.
   * @returns false when 64 MiB wait already: nothing of it was taken
   */
  type(text: string | Uint8Array): boolean {
    return this.#input.push(typeof text === 'string' ? new TextEncoder().encode(text) : text, false);
  }

  /**
   * What the emulator says by itself: its answer to a query in the output, a focus report, a motion of the mouse. Dropped while
   * what it renders is a replay, and by the machine of a viewer that does not drive, or when the query is over 4 s old.
   */
  reply(bytes: string | Uint8Array): void {
    if (this.#output.replaying || this.#snapshot.rendering) return;
    this.#output.tellRendered();
    this.#input.push(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes, true);
  }

  resize(cols: number, rows: number): void {
    if (cols === this.#size.cols && rows === this.#size.rows) return;
    this.#size = { cols, rows };
    this.#connection?.send({ type: 'resize', cols, rows });
  }

  /** Takes the seat without typing: this viewer's size counts from now on. */
  drive(): void {
    this.#connection?.send({ type: 'input', offset: 0, reply: false, payload: new Uint8Array() });
  }

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    this.#connection?.send({ type: 'visible', visible });
  }

  /** Leaves: the shell stays and can be attached to again. Nothing is told after this. */
  close(): void {
    if (this.#closed) return;
    this.#connection?.send({ type: 'detach', reason: 'left' });
    this.#connection?.close(closeCode.normal, 'left');
    this.#stop();
  }

  async #connect(): Promise<void> {
    this.#triedAt = this.#clock.now();
    try {
      const token = await this.#credentials.next();
      if (this.#closed) return;
      this.#refused = undefined;
      this.#ended = undefined;
      const open = this.#options.openSocket ?? openGlobalSocket;
      const connection: Connection = new Connection(
        open(this.#options.webSocketUrl(token), subprotocol.v1, token),
        {
          viewerId: this.#viewerId,
          create: !this.#opened,
          from: this.#hasFrom ? this.#output.next : undefined,
          ...this.#size,
        },
        {
          frame: (frame) => this.#receive(connection, frame),
          rtt: (ms) => this.#measured(ms),
          closed: (code, reason) => this.#lost(code, reason),
        },
        this.#clock,
        this.#patience,
      );
      this.#connection = connection;
    } catch (error) {
      if (this.#closed) return;
      if (error instanceof TerminalRefusal) this.#end({ state: 'refused', code: error.code, message: error.message });
      else this.#retry('reconnecting', error instanceof Error ? error.message : String(error));
    }
  }

  #receive(connection: Connection, frame: DownFrame): void {
    if (frame.type === 'accepted') this.#accepted(connection, frame);
    else if (frame.type === 'output') this.#output.output(frame.offset, frame.payload);
    else if (frame.type === 'gap') this.#output.gap(frame.to);
    else if (frame.type === 'snapshot') this.#snapshot.part(frame.payload, frame.last);
    else if (frame.type === 'input_ack') this.#input.acked(frame.applied, frame.limit);
    else if (frame.type === 'input_reset') this.#input.reset(frame.applied, frame.limit);
    else if (frame.type === 'size') this.#tellSize({ cols: frame.cols, rows: frame.rows }, this.#driver);
    else if (frame.type === 'driver') this.#seated(frame);
    else if (frame.type === 'ended') this.#ended = frame;
    else if (frame.type === 'refused') this.#refused = frame;
    else if (frame.type === 'pass') this.#credentials.keepPass(frame.pass, frame.expiresInMs);
    else if (frame.type === 'state' && frame.state === 'unreachable')
      this.#become({ state: 'unreachable', retryInMs: frame.retryInMs });
    if (!this.#liveSized && !this.#replays) this.#tellSize(this.#applied, this.#driver);
    // Output that the limit held back may come behind `ended`.
    this.#endWhenComplete();
  }

  #tellSize(applied: { cols: number; rows: number }, driver: boolean): void {
    if (this.#closed) return;
    this.#applied = applied;
    this.#driver = driver;
    this.#liveSized = !this.#replays;
    this.#handlers.size(applied.cols, applied.rows, driver, this.#liveSized);
  }

  #seated({ driver, hold }: Frame<'driver'>): void {
    this.#tellSize(this.#applied, driver);
    this.#handlers.seat?.(driver, hold);
  }

  /** What comes next is output of the past. */
  get #replays(): boolean {
    return this.#output.next < this.#liveFrom;
  }

  /** The caller's handlers for output: a gap is told with whether a picture stands for it. */
  #rendering(): OutputSink {
    return {
      output: (bytes, at, rendered) => this.#handlers.output(bytes, at, rendered),
      gap: (from, to) => this.#handlers.gap(from, to, this.#snapshot.takeRepainted()),
    };
  }

  /** Comes at each attach, and again in mid-connection when the machine is reached on another way. */
  #accepted(connection: Connection, frame: Frame<'accepted'>): void {
    this.#opened = true;
    this.#hasFrom = true;
    this.#liveSince ??= this.#clock.now();
    this.#triedAt = undefined;
    const sessionId = this.#credentials.sessionId;
    if (sessionId !== undefined)
      this.#handlers.session({ sessionId, viewerId: idToText(this.#viewerId), created: frame.created });
    this.#become({ state: 'live' });
    if (this.#closed) return;
    this.#liveFrom = frame.liveFrom > frame.offset ? frame.liveFrom : 0;
    this.#tellSize({ cols: frame.cols, rows: frame.rows }, frame.driver);
    this.#snapshot.attached(connection);
    connection.send({ type: 'resize', ...this.#size });
    if (!this.#visible) connection.send({ type: 'visible', visible: false });
    this.#output.attached(connection, frame.offset, frame.liveFrom);
    this.#input.attached(connection, frame.inputApplied, frame.inputLimit);
    connection.attached();
  }

  #measured(ms: number): void {
    this.#output.rtt(ms);
    this.#handlers.latency(ms);
  }

  #endWhenComplete(): void {
    const ended = this.#ended;
    if (ended === undefined || this.#output.next < ended.finalOffset) return;
    this.#connection?.close(closeCode.normal, 'ended');
    this.#end({ state: 'ended', cause: ended.cause, exitCode: ended.exitCode, signal: ended.signal });
  }

  #lost(code: number, reason: string): void {
    this.#connection = undefined;
    this.#input.detached();
    this.#output.detached();
    this.#snapshot.detached();
    const liveSince = this.#liveSince;
    this.#liveSince = undefined;
    if (liveSince !== undefined) this.#backoff.lived(this.#clock.now() - liveSince);
    if (code === closeCode.unauthenticated) this.#credentials.dropPass();
    const verdict = verdictOf(code, reason, this.#refused);
    const broke = verdict.kind === 'retry' || verdict.kind === 'unreachable';
    if (liveSince !== undefined && broke) this.#lostAt = this.#clock.now();
    if (verdict.kind === 'refused' && this.#ownPlaceMayBeTaken(verdict.code))
      this.#retry('reconnecting', verdict.message);
    else if (verdict.kind === 'refused') this.#end({ state: 'refused', code: verdict.code, message: verdict.message });
    else if (verdict.kind === 'ended')
      this.#end({
        state: 'ended',
        cause: this.#ended?.cause ?? 'unknown',
        exitCode: this.#ended?.exitCode,
        signal: this.#ended?.signal,
      });
    else if (verdict.kind === 'unreachable') this.#retry('unreachable', '');
    else this.#retry('reconnecting', verdict.reason);
  }

  /**
   * The connection that the server counts as one too many, or that took this one's place, may be this viewer's own that broke: until
   * its relay notices the death, it may attach again through another hub.
   */
  #ownPlaceMayBeTaken(code: string): boolean {
    if (code !== 'too_many_terminals' && code !== 'too_many_streams' && code !== 'displaced') return false;
    return this.#lostAt !== undefined && this.#clock.now() - this.#lostAt < placeFreeWithinMs;
  }

  #retry(state: 'reconnecting' | 'unreachable', reason: string): void {
    // A try that was long in failing has kept its distance already.
    const spentMs = this.#triedAt === undefined ? 0 : Math.round(this.#clock.now() - this.#triedAt);
    const waitMs = this.#backoff.next();
    const retryInMs = Math.max(0, waitMs - spentMs);
    if (state === 'unreachable') this.#become({ state, retryInMs });
    else if (this.#opened || waitMs > 0) this.#become({ state, retryInMs, reason });
    this.#stopRetry = this.#clock.after(retryInMs, () => void this.#connect());
  }

  #end(state: TerminalState): void {
    this.#become(state);
    this.#stop();
  }

  #stop(): void {
    this.#closed = true;
    this.#connection = undefined;
    this.#stopRetry();
    this.#input.detached();
    this.#output.detached();
    this.#snapshot.detached();
  }

  #become(state: TerminalState): void {
    // The caller may have left from within a handler.
    if (this.#closed) return;
    this.#state = state;
    this.#handlers.state(state);
  }
}
