import type { RecordingMode } from '@webxterm/contracts/frames';
import type { TerminalClient, TerminalState } from '@webxterm/terminal-client';
import type { Server } from '../api/server.ts';
import { type Attached, mayType, peopleIn } from '../sharing/people.ts';
import { type Encoding, encodedText } from './encodings.ts';
import type { IdleWarning } from './idle-bar.tsx';
import { type ForegroundReport, leavingNeedsAnswer, runningProgram } from './leave-question.ts';
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
  /** The machine ends the session at `endsAt` (ms on the clock of `performance.now`), unless it is used. Undefined: it no longer does. */
  idle(warning: IdleWarning | undefined): void;
  /** The input was dropped, because too much input is waiting to be sent. */
  inputRefused(): void;
  /** The users who are attached to a session that has or had guests. */
  people(people: readonly Attached[]): void;
  /** This guest typed, and may not type now. Nothing was sent. */
  mayNotType(): void;
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
  readonly #guest: boolean;
  /** A guest may not type before the owner lets it. */
  #mayType: boolean;
  #encoding: Encoding = 'utf-8';
  #foreground: ForegroundReport | undefined;
  /** How long the session may be unused, in seconds. Undefined: the machine has not warned. */
  #idleLimit: number | undefined;

  constructor(
    element: HTMLElement,
    server: Pick<Server, 'ticket'>,
    options: ScreenOptions & {
      readonly agentId: string;
      readonly sessionId: string | undefined;
      readonly viewerId: string | undefined;
      readonly linuxUser: string | undefined;
      /** The session belongs to another user. */
      readonly guest: boolean;
    },
    handlers: LiveTerminalHandlers,
  ) {
    this.#guest = options.guest;
    this.#mayType = !options.guest;
    let client: TerminalClient | undefined;
    this.screen = new TerminalScreen(options, {
      ...handlers,
      typed: (input) => {
        if (this.#over) return;
        if (!this.#mayType) {
          handlers.mayNotType();
          return;
        }
        const text = typeof input === 'string' ? handlers.typing(input) : input;
        if (client === undefined) return;
        const bytes = typeof text === 'string' ? encodedText(text, this.#encoding) : text;
        if (!client.type(bytes)) handlers.inputRefused();
        else if (typeof text === 'string') this.screen.prediction.typed(text, client.inputTaken);
      },
      // The emulator of the owner answers the queries of programs.
      replied: (bytes) => !options.guest && client?.reply(bytes),
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
        presence: (participants, you) => {
          const own = participants.find(({ number }) => number === you);
          if (options.guest) this.#mayType = own !== undefined && mayType(own);
          handlers.people(peopleIn(participants, you));
        },
        foreground: (state, program) => {
          this.#foreground = { state, program };
        },
        idle: (endsInMs, limitSeconds) => {
          if (endsInMs > 0) this.#idleLimit = limitSeconds;
          handlers.idle(endsInMs > 0 ? { endsAt: performance.now() + endsInMs, limitSeconds } : undefined);
        },
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

  /** Whether leaving the page needs a confirmation. */
  get asksBeforeLeaving(): boolean {
    const busy = this.screen.busy(this.#foreground?.state);
    return leavingNeedsAnswer({ over: this.#over, guest: this.#guest, busy });
  }

  /** The name of the program that runs in the shell. Undefined: none, or unknown. */
  get program(): string | undefined {
    return this.#over ? undefined : runningProgram(this.#foreground);
  }

  /** Makes this viewer the driver: its window size is used. */
  drive(): void {
    this.#client.drive();
  }

  /** The owner lets the participant with this number type; 0: nobody. */
  giveTyping(number: number): void {
    this.#client.giveTyping(number);
  }

  /** A guest asks to be allowed to type, or no longer. */
  askToType(asks: boolean): void {
    this.#client.askToType(asks);
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
    if (state.state === 'ended') this.screen.note(endSentence(state, this.#idleLimit));
    handlers.state(state);
  }

  #measured(ms: number, handlers: LiveTerminalHandlers): void {
    this.#latency = this.#latency === undefined ? ms : this.#latency + latencyWeight * (ms - this.#latency);
    this.screen.prediction.latency(this.#latency);
    handlers.latency(this.#latency);
  }
}
