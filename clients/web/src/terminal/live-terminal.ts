import type { TerminalClient, TerminalState } from '@webxterm/terminal-client';
import type { Server } from '../api/server.ts';
import { type Encoding, encodedText } from './encodings.ts';
import { openClient } from './open-client.ts';
import { byteCount, endSentence } from './sentences.ts';
import { type ScreenHandlers, type ScreenOptions, TerminalScreen } from './terminal-screen.ts';

export interface LiveTerminalHandlers extends Omit<ScreenHandlers, 'typed' | 'replied' | 'fits'> {
  state(state: TerminalState): void;
  /** Whether it is this viewer's size that counts. */
  drives(drives: boolean): void;
  /** What of the output will not be shown, in words. */
  lost(words: string): void;
  attached(ids: { sessionId: string; viewerId: string }): void;
  /** Smoothed round trip, ms. */
  latency(ms: number): void;
  /** More waits to be sent than may: this input was dropped. */
  inputRefused(): void;
  /** Changes what the person types before it goes out (the on-screen Ctrl key). */
  typing(text: string): string;
}

/** Weight of the newest measurement. */
const latencyWeight = 0.3;

/** A screen joined to a shell: output to the screen and its acks back, keys and sizes to the shell. */
export class LiveTerminal {
  readonly screen: TerminalScreen;
  readonly #client: TerminalClient;
  #latency: number | undefined;
  #over = false;
  #encoding: Encoding = 'utf-8';

  constructor(
    element: HTMLElement,
    server: Pick<Server, 'ticket'>,
    options: ScreenOptions & {
      readonly agentId: string;
      readonly sessionId: string | undefined;
      readonly viewerId: string | undefined;
    },
    handlers: LiveTerminalHandlers,
  ) {
    let client: TerminalClient | undefined;
    this.screen = new TerminalScreen(options, {
      ...handlers,
      typed: (input) => {
        if (this.#over) return;
        const text = typeof input === 'string' ? handlers.typing(input) : input;
        if (client === undefined) return;
        const bytes = typeof text === 'string' ? encodedText(text, this.#encoding) : text;
        if (!client.type(bytes)) handlers.inputRefused();
        else if (typeof text === 'string') this.screen.prediction.typed(text, client.inputTaken);
      },
      replied: (bytes) => client?.reply(bytes),
      fits: (size) => client?.resize(size.cols, size.rows),
    });
    client = openClient(server, options.agentId, {
      size: this.screen.open(element),
      sessionId: options.sessionId,
      viewerId: options.viewerId,
      handlers: {
        output: (bytes, { live }, rendered) => this.screen.write(bytes, live, rendered),
        snapshot: (part, first, rendered) => {
          if (first) this.screen.reset();
          this.screen.draw(part, rendered);
        },
        gap: (from, to, repainted) => this.#gap(to - from, repainted, handlers),
        state: (state) => this.#told(state, handlers),
        session: (ids) => handlers.attached(ids),
        size: (cols, rows, driver, live) => {
          this.screen.followSize({ cols, rows }, driver && live);
          if (live) handlers.drives(driver);
        },
        latency: (ms) => this.#measured(ms, handlers),
        inputApplied: (bytes) => this.screen.prediction.applied(bytes),
      },
    });
    this.#client = client;
    client.start();
  }

  /** Shown: the tab is in front and the page is visible. */
  setShown(front: boolean, pageVisible: boolean): void {
    this.screen.setShown(front);
    this.#client.setVisible(front && pageVisible);
  }

  /** What its programs read and write from now on. */
  setEncoding(encoding: Encoding): void {
    this.#encoding = encoding;
    this.screen.setEncoding(encoding);
  }

  /** A program runs in the shell: leaving is worth a question. */
  get busy(): boolean {
    return !this.#over && this.screen.busy;
  }

  /** This window's size counts from now on. */
  drive(): void {
    this.#client.drive();
  }

  /** Detaches: the shell stays. */
  dispose(): void {
    this.#client.close();
    this.screen.dispose();
  }

  #gap(bytes: number, repainted: boolean, handlers: LiveTerminalHandlers): void {
    const words = `${byteCount(bytes)} of older output is no longer kept`;
    // On a screen that was put in place a line of ours would be in a program's way.
    if (!repainted) {
      this.screen.reset();
      this.screen.note(words);
    }
    handlers.lost(words);
  }

  #told(state: TerminalState, handlers: LiveTerminalHandlers): void {
    this.#over = state.state === 'ended' || state.state === 'refused';
    if (this.#over) this.screen.prediction.reset();
    if (state.state === 'ended') this.screen.note(endSentence(state));
    handlers.state(state);
  }

  #measured(ms: number, handlers: LiveTerminalHandlers): void {
    this.#latency = this.#latency === undefined ? ms : this.#latency + latencyWeight * (ms - this.#latency);
    this.screen.prediction.latency(this.#latency);
    handlers.latency(this.#latency);
  }
}
