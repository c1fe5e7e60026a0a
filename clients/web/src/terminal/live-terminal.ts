import type { RecordingMode } from '@webxterm/contracts/frames';
import type { TerminalClient, TerminalState } from '@webxterm/terminal-client';
import type { Server } from '../api/server.ts';
import { type Encoding, encodedText } from './encodings.ts';
import { openClient } from './open-client.ts';
import { byteCount, endSentence } from './sentences.ts';
import { type ScreenHandlers, type ScreenOptions, TerminalScreen } from './terminal-screen.ts';

export interface LiveTerminalHandlers extends Omit<ScreenHandlers, 'typed' | 'replied' | 'fits'> {
  state(state: TerminalState): void;
  /** Whether this viewer is the driver, whose size is used. */
  drives(drives: boolean): void;
  /** Describes output that will not be shown. */
  lost(words: string): void;
  attached(ids: { sessionId: string; viewerId: string }): void;
  /** Smoothed round trip, ms. */
  latency(ms: number): void;
  /** Called at each attach to a recorded session. */
  recorded(mode: RecordingMode): void;
  /** The input was dropped, because too much input is waiting to be sent. */
  inputRefused(): void;
  /** Transforms typed text before it is sent (the on-screen Ctrl key). */
  typing(text: string): string;
}

/** Weight of the newest measurement. */
const latencyWeight = 0.3;

/** Connects a screen to a shell: output and its acks, keys and sizes. */
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
      readonly linuxUser: string | undefined;
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
      linuxUser: options.linuxUser,
      handlers: {
        output: (bytes, { live }, rendered) => this.screen.write(bytes, live, rendered),
        snapshot: (part, first, rendered) => {
          if (first) this.screen.reset();
          this.screen.draw(part, rendered);
        },
        gap: (from, to, repainted) => this.#gap(to - from, repainted, handlers),
        state: (state) => this.#stateChanged(state, handlers),
        session: (ids) => handlers.attached(ids),
        size: (cols, rows, driver, live) => {
          this.screen.followSize({ cols, rows }, driver && live);
          if (live) handlers.drives(driver);
        },
        recorded: (mode) => handlers.recorded(mode),
        latency: (ms) => this.#measured(ms, handlers),
        inputApplied: (bytes) => this.screen.prediction.applied(bytes),
      },
    });
    this.#client = client;
    client.start();
  }

  /** A terminal is visible if its tab is in front and the page is visible. */
  setShown(front: boolean, pageVisible: boolean): void {
    this.screen.setShown(front);
    this.#client.setVisible(front && pageVisible);
  }

  /** Sets the encoding of the programs, for input and output from now on. */
  setEncoding(encoding: Encoding): void {
    this.#encoding = encoding;
    this.screen.setEncoding(encoding);
  }

  /** Whether a program runs or a line is begun, so that leaving the page needs a confirmation. */
  get busy(): boolean {
    return !this.#over && this.screen.busy;
  }

  /** Makes this viewer the driver: its window size is used. */
  drive(): void {
    this.#client.drive();
  }

  /** Tries to connect at once, if the client waits for its next attempt. */
  retryNow(): void {
    this.#client.retryNow();
  }

  /** Detaches. The shell keeps running. */
  dispose(): void {
    this.#client.close();
    this.screen.dispose();
  }

  #gap(bytes: number, repainted: boolean, handlers: LiveTerminalHandlers): void {
    const words = `${byteCount(bytes)} of older output is no longer kept`;
    // After a repaint there is no note, because it would overwrite a program's screen.
    if (!repainted) {
      this.screen.reset();
      this.screen.note(words);
    }
    handlers.lost(words);
  }

  #stateChanged(state: TerminalState, handlers: LiveTerminalHandlers): void {
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
