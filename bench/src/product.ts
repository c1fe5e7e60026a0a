import { TerminalClient, type TerminalState } from '@webxterm/terminal-client';
import WebSocket from 'ws';
import { endSession, getTicket, type Product, socketUrl } from './api.ts';
import { type Painter, paintAtOnce } from './painter.ts';
import type { Shell } from './shell.ts';

/** The ids of a session and of a viewer of it. */
export interface ViewerIds {
  readonly sessionId: string;
  readonly viewerId: string;
}

/** A shell over the whole path, with what a viewer knows of it. */
export interface ProductShell extends Shell {
  readonly ids: ViewerIds;
  /** Every byte before this was received. */
  readonly offset: number;
  /** Bytes of output that were reported as lost. */
  readonly lost: number;
  /** Round trip to the machine as last measured, ms. */
  readonly rttMs: number;
  /** Stops reading from the network, as a viewer whose thread hangs; `false` goes on. */
  freeze(frozen: boolean): void;
  /** Breaks the connection without a word, and for good. */
  cut(): void;
}

export interface ViewerOptions {
  readonly paint?: Painter;
  /** Come back to this session as this viewer, with every byte before `from`. */
  readonly resume?: ViewerIds & { readonly from?: number };
}

class Viewer implements ProductShell {
  readonly #product: Product;
  readonly #client: TerminalClient;
  readonly #paint: Painter;
  #listener: (bytes: Uint8Array) => void = () => {};
  #socket: WebSocket | undefined;
  #ids: ViewerIds = { sessionId: '', viewerId: '' };
  offset: number;
  lost = 0;
  rttMs = Number.NaN;

  constructor(product: Product, options: ViewerOptions, onState: (state: TerminalState) => void) {
    this.#product = product;
    this.#paint = options.paint ?? paintAtOnce;
    this.offset = options.resume?.from ?? 0;
    this.#client = new TerminalClient({
      webSocketUrl: (token) => socketUrl(product, token),
      ticket: (sessionId) => getTicket(product, sessionId),
      size: { cols: 80, rows: 24 },
      ...(options.resume === undefined ? {} : { resume: options.resume }),
      openSocket: (url, protocol) => {
        this.#socket = new WebSocket(url, protocol, { perMessageDeflate: false });
        return this.#socket;
      },
      handlers: {
        output: (bytes, { offset }, rendered) => this.#output(bytes, offset, rendered),
        state: onState,
        gap: (from, to) => {
          this.lost += to - from;
        },
        session: (ids) => {
          this.#ids = ids;
        },
        size: () => {},
        latency: (ms) => {
          this.rttMs = ms;
        },
      },
    });
  }

  start(): void {
    this.#client.start();
  }

  get ids(): ViewerIds {
    return this.#ids;
  }

  type(input: string | Uint8Array): void {
    if (!this.#client.type(input)) throw new Error('the client takes no more input');
  }

  onOutput(listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
  }

  freeze(frozen: boolean): void {
    if (frozen) this.#socket?.pause();
    else this.#socket?.resume();
  }

  cut(): void {
    this.#socket?.terminate();
    this.#client.close();
  }

  async close(): Promise<void> {
    this.#client.close();
    await endSession(this.#product, this.#ids.sessionId);
  }

  #output(bytes: Uint8Array, offset: number, rendered: () => void): void {
    this.offset = offset + bytes.length;
    this.#paint(bytes, () => {
      this.#listener(bytes);
      rendered();
    });
  }
}

/** A shell over the whole path, with the web's own client. Resolves once it is attached. */
export const openProduct = (product: Product, options: ViewerOptions = {}): Promise<ProductShell> =>
  new Promise((resolve, reject) => {
    const viewer = new Viewer(product, options, (state) => {
      if (state.state === 'live') resolve(viewer);
      if (state.state === 'refused') reject(new Error(`refused: ${state.code} ${state.message}`));
      if (state.state === 'ended') reject(new Error(`ended: ${state.cause}`));
    });
    viewer.start();
  });
