import { closeCode, type DownFrame, subprotocol } from '@webxterm/contracts/frames';
import { type TerminalClientOptions, type TerminalHandlers, TerminalRefusal, type TerminalState } from './api.ts';
import { AppliedSize } from './applied-size.ts';
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

/** A relay detects a dead connection after 6 s of silence, and its hub a little later. */
const placeFreeWithinMs = 15_000;

type Frame<T extends DownFrame['type']> = Extract<DownFrame, { type: T }>;

/**
 * One viewer of one terminal session (`webxterm.v1`). It attaches, and reconnects automatically after every break. It passes on each byte
 * of output once and in order. Input typed during a break is kept and applied once.
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
  readonly #applied: AppliedSize;
  /** The session is known to exist, so further attempts must not create a new shell under its id. */
  #opened: boolean;
  /** Whether to request output from the offset reached. Otherwise all output is requested. */
  #hasFrom: boolean;
  #connection: Connection | undefined;
  /** Start of the current attempt. Undefined once it is live. */
  #triedAt: number | undefined;
  #liveSince: number | undefined;
  /** Time at which a connection or an attempt to connect last broke. */
  #lostAt: number | undefined;
  #refused: Frame<'refused'> | undefined;
  #ended: Frame<'ended'> | undefined;
  #closed = false;
  #stopRetry: () => void = () => {};
  /** The client waits for the time of its next attempt. */
  #waiting = false;

  /** @throws RangeError if `resume.viewerId` is not a valid id */
  constructor(options: TerminalClientOptions) {
    this.#options = options;
    this.#handlers = options.handlers;
    this.#clock = options.clock ?? systemClock;
    this.#size = options.size;
    this.#opened = options.resume !== undefined;
    this.#hasFrom = options.resume?.from !== undefined;
    this.#viewerId = options.resume === undefined ? newId() : idFromText(options.resume.viewerId);
    this.#patience = new Patience(this.#clock);
    this.#credentials = new Credentials(options.ticket, this.#clock, this.#patience, options.resume?.sessionId);
    this.#backoff = new Backoff(options.random ?? Math.random);
    this.#input = new OutgoingInput(this.#clock, (bytes) => options.handlers.inputApplied?.(bytes));
    this.#snapshot = new IncomingSnapshot(options.handlers);
    this.#output = new IncomingOutput(this.#rendering(), this.#clock, options.resume?.from ?? 0, options.maxWindow);
    this.#applied = new AppliedSize(options.size, this.#output, (size, driver, live) => {
      if (!this.#closed) this.#handlers.size(size.cols, size.rows, driver, live);
    });
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
   * Sends typed input, or queues it while there is no connection.
   * @returns false if there is not enough room in the queue of 64 MiB for all of it; then nothing is taken
   */
  type(text: string | Uint8Array): boolean {
    return this.#input.push(typeof text === 'string' ? new TextEncoder().encode(text) : text, false);
  }

  /**
   * Sends input that the emulator produced: a reply to a query, a focus report, a mouse motion. It is dropped during a replay. The machine
   * also drops it if this viewer does not drive, or if the query is over 4 s old.
   */
  reply(bytes: string | Uint8Array): void {
    if (this.#output.replaying || this.#snapshot.rendering) return;
    this.#output.sendLimitAfterRendering();
    const reply = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
    this.#input.push(reply, true, this.#output.rendersEarlier);
  }

  resize(cols: number, rows: number): void {
    if (cols === this.#size.cols && rows === this.#size.rows) return;
    this.#size = { cols, rows };
    this.#connection?.send({ type: 'resize', cols, rows });
  }

  /** Makes this viewer the driver without typing, so its size becomes the terminal's size. */
  drive(): void {
    this.#connection?.send({ type: 'input', offset: 0, reply: false, earlier: false, payload: new Uint8Array() });
  }

  /** Asks the owner of the session to be allowed to type, or no longer. Has an effect for a guest with control. */
  askToType(asks: boolean): void {
    this.#connection?.send({ type: 'ask_to_type', asks });
  }

  /** Lets the participant with this number type until this viewer types; 0: nobody. Has an effect for the owner of the session. */
  giveTyping(viewer: number): void {
    this.#connection?.send({ type: 'give_typing', viewer });
  }

  /** Makes the next attempt to connect at once, if the client waits for it. */
  retryNow(): void {
    if (!this.#waiting) return;
    this.#stopRetry();
    void this.#connect();
  }

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    this.#connection?.send({ type: 'visible', visible });
  }

  /** Closes the client. The shell keeps running and can be attached to again. No handler is called after this. */
  close(): void {
    if (this.#closed) return;
    this.#connection?.send({ type: 'detach', reason: 'left' });
    this.#connection?.close(closeCode.normal, 'left');
    this.#stop();
  }

  async #connect(): Promise<void> {
    this.#waiting = false;
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
    else if (frame.type === 'size') this.#applied.resized({ cols: frame.cols, rows: frame.rows });
    else if (frame.type === 'driver') this.#seated(frame);
    else if (frame.type === 'ended') this.#ended = frame;
    else if (frame.type === 'refused') this.#refused = frame;
    else if (frame.type === 'recorded') this.#handlers.recorded?.(frame.mode);
    else if (frame.type === 'presence') this.#handlers.presence?.(frame.participants, frame.you);
    else if (frame.type === 'foreground') this.#handlers.foreground?.(frame.state, frame.program);
    else if (frame.type === 'idle') this.#handlers.idle?.(frame.endsInMs, frame.limitSeconds);
    else if (frame.type === 'pass') this.#credentials.keepPass(frame.pass, frame.expiresInMs);
    else if (frame.type === 'state' && frame.state === 'unreachable')
      this.#become({ state: 'unreachable', retryInMs: frame.retryInMs });
    this.#applied.progressed();
    // Output held back by the limit may arrive after `ended`.
    this.#endWhenComplete();
  }

  #seated({ driver, hold }: Frame<'driver'>): void {
    this.#applied.seated(driver);
    this.#handlers.driver?.(driver, hold);
  }

  /** The caller's output handlers. A gap is passed with whether a snapshot covers it. */
  #rendering(): OutputSink {
    return {
      output: (bytes, at, rendered) => this.#handlers.output(bytes, at, rendered),
      gap: (from, to) => this.#handlers.gap(from, to, this.#snapshot.takeRepainted()),
    };
  }

  /** Handles `accepted`, which arrives at each attach, and again within a connection when the path to the machine changes. */
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
    this.#applied.attached({ cols: frame.cols, rows: frame.rows }, frame.driver, frame.offset, frame.liveFrom);
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
    // An attempt that was given up may still be attached later by a relay that was slow to read it.
    if (broke) this.#lostAt = this.#clock.now();
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
   * Whether the refusal may be caused by this viewer's own broken connection, which still counts until its relay detects that it is dead.
   * This viewer may already attach through another hub in that time.
   */
  #ownPlaceMayBeTaken(code: string): boolean {
    if (code !== 'too_many_terminals' && code !== 'too_many_streams' && code !== 'displaced') return false;
    return this.#lostAt !== undefined && this.#clock.now() - this.#lostAt < placeFreeWithinMs;
  }

  #retry(state: 'reconnecting' | 'unreachable', reason: string): void {
    // The duration of the failed attempt counts as part of the wait.
    const spentMs = this.#triedAt === undefined ? 0 : Math.round(this.#clock.now() - this.#triedAt);
    const waitMs = this.#backoff.next();
    const retryInMs = Math.max(0, waitMs - spentMs);
    if (state === 'unreachable') this.#become({ state, retryInMs });
    else if (this.#opened || waitMs > 0) this.#become({ state, retryInMs, reason });
    this.#waiting = true;
    this.#stopRetry = this.#clock.after(retryInMs, () => void this.#connect());
  }

  #end(state: TerminalState): void {
    this.#become(state);
    this.#stop();
  }

  #stop(): void {
    this.#closed = true;
    this.#waiting = false;
    this.#connection = undefined;
    this.#stopRetry();
    this.#input.detached();
    this.#output.detached();
    this.#snapshot.detached();
  }

  #become(state: TerminalState): void {
    // The caller may have closed the client in a handler.
    if (this.#closed) return;
    this.#state = state;
    this.#handlers.state(state);
  }
}
