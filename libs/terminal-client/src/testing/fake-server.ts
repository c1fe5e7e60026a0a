import { type DownFrame, decodeUp, encodeDown, type UpFrame } from '@webxterm/contracts/frames';
import type { TerminalClientOptions, TerminalState } from '../api.ts';
import type { Clock } from '../clock.ts';
import { TerminalClient } from '../terminal-client.ts';
import type { WebSocketLike } from '../web-socket.ts';

/** A clock that moves only when a test moves it. */
export class TestClock implements Clock {
  #now = 0;
  #timers: { at: number; act: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.#now + ms, act };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Advances by `ms`. Runs due timers in order, and lets promises settle in between. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const next = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
    this.#now = end;
  }

  /** Advances without running timers, as when the computer is suspended. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}

export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Listener = (event: { data: unknown; code: number; reason: string }) => void;

/** The server's end of one socket, controlled by a test. */
export class TestSocket implements WebSocketLike {
  binaryType = 'blob';
  bufferedAmount = 0;
  readonly url: string;
  readonly sent: UpFrame[] = [];
  closedByClient: number | undefined;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(url: string) {
    this.url = url;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(message: Uint8Array): void {
    this.sent.push(decodeUp(message));
  }

  close(code?: number): void {
    this.closedByClient = code ?? 1005;
  }

  open(): void {
    this.#dispatch('open', {});
  }

  sendFrame(frame: DownFrame): void {
    this.#dispatch('message', { data: encodeDown(frame).buffer });
  }

  sendText(text: string): void {
    this.#dispatch('message', { data: text });
  }

  break(code = 1006, reason = ''): void {
    this.#dispatch('close', { code, reason });
  }

  of<T extends UpFrame['type']>(type: T): Extract<UpFrame, { type: T }>[] {
    return this.sent.filter((frame): frame is Extract<UpFrame, { type: T }> => frame.type === type);
  }

  #dispatch(type: string, event: { data?: unknown; code?: number; reason?: string }): void {
    const whole = { data: undefined, code: 0, reason: '', ...event };
    for (const listener of this.#listeners.get(type) ?? []) listener(whole);
  }
}

export type Accepted = Extract<DownFrame, { type: 'accepted' }>;

/** A client whose clock, sockets and tickets a test controls. */
export class Bench {
  readonly clock = new TestClock();
  readonly sockets: TestSocket[] = [];
  readonly states: TerminalState[] = [];
  readonly output: { text: string; live: boolean; rendered: () => void }[] = [];
  readonly gaps: [number, number][] = [];
  /** Sizes, snapshots and output in order of arrival. */
  readonly drawn: string[] = [];
  readonly parts: (() => void)[] = [];
  readonly repainted: boolean[] = [];
  readonly drivers: [boolean, boolean][] = [];
  readonly foregrounds: string[] = [];
  readonly applied: number[] = [];
  readonly asked: (string | undefined)[] = [];
  readonly client: TerminalClient;
  readonly options: TerminalClientOptions;
  ticket: () => Promise<{ ticket: string; sessionId: string }> = async () => ({ ticket: 'wxt_tk_1', sessionId: 's1' });

  constructor(options: Partial<TerminalClientOptions> = {}) {
    this.options = {
      webSocketUrl: (token) => token,
      ticket: (sessionId) => {
        this.asked.push(sessionId);
        return this.ticket();
      },
      size: { cols: 80, rows: 24 },
      openSocket: (url) => {
        const socket = new TestSocket(url);
        this.sockets.push(socket);
        return socket;
      },
      clock: this.clock,
      random: () => 0.5,
      handlers: {
        output: (bytes, { live }, rendered) => {
          const text = new TextDecoder().decode(bytes);
          this.output.push({ text, live, rendered });
          this.drawn.push(text);
        },
        snapshot: (part, first, rendered) => {
          this.drawn.push(`${first ? 'reset ' : ''}picture ${new TextDecoder().decode(part)}`);
          this.parts.push(rendered);
        },
        gap: (from, to, repainted) => {
          this.gaps.push([from, to]);
          this.repainted.push(repainted);
        },
        state: (state) => this.states.push(state),
        session: () => {},
        size: (cols, rows, driver, live) =>
          this.drawn.push(`${cols}x${rows}${driver ? ' drives' : ''}${live ? '' : ' replay'}`),
        driver: (driver, hold) => this.drivers.push([driver, hold]),
        foreground: (state, program) => this.foregrounds.push(`${state} ${program}`),
        latency: () => {},
        inputApplied: (bytes) => this.applied.push(bytes),
      },
      ...options,
    };
    this.client = new TerminalClient(this.options);
    this.client.start();
  }

  get socket(): TestSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('no socket yet');
    return socket;
  }

  /** Opens the latest socket and accepts it. */
  async attach(accepted: Partial<Accepted> = {}): Promise<TestSocket> {
    await settled();
    this.socket.open();
    this.accept(accepted);
    return this.socket;
  }

  /** Breaks the connection and accepts the next one. */
  async breakAndAttach(accepted: Partial<Accepted> = {}): Promise<TestSocket> {
    this.socket.break();
    await this.clock.pass(1000);
    return this.attach(accepted);
  }

  accept(accepted: Partial<Accepted> = {}): void {
    this.socket.sendFrame({
      type: 'accepted',
      created: false,
      driver: true,
      offset: 0,
      head: 0,
      liveFrom: 0,
      inputApplied: 0,
      inputLimit: 256 * 1024,
      cols: 80,
      rows: 24,
      ...accepted,
    });
  }

  says(offset: number, text: string): void {
    this.socket.sendFrame({ type: 'output', offset, payload: new TextEncoder().encode(text) });
  }
}
