import type { EndCause } from '@webxterm/contracts/frames';
import type { Clock } from './clock.ts';
import type { WebSocketLike } from './web-socket.ts';

/** A one-use ticket, and the session that it is for: a new one's id when none was asked for. */
export interface TerminalTicket {
  ticket: string;
  sessionId: string;
}

export type TerminalState =
  /** The first attach is under way. */
  | { state: 'connecting' }
  | { state: 'live' }
  /** The connection broke; it is coming back by itself. */
  | { state: 'reconnecting'; retryInMs: number; reason: string }
  /** The machine cannot be reached; waiting, with the same shell on its return. */
  | { state: 'unreachable'; retryInMs: number }
  /** Final. */
  | { state: 'ended'; cause: EndCause; exitCode: number | undefined; signal: string | undefined }
  /** Final: not allowed, not there, as many as there may be, displaced by this viewer's newer connection, or a ticket was refused. */
  | { state: 'refused'; code: string; message: string };

/** What the client tells. All are called from the client's own event handlers, never from within a call of the caller. */
export interface TerminalHandlers {
  /**
   * Output to render. Call `rendered` once it is on the screen: it moves ack and limit, and without it output stops.
   * `live` is false for a replay: the emulator's answers, bell and titles are to be suppressed.
   */
  output(bytes: Uint8Array, info: { offset: number; live: boolean }, rendered: () => void): void;
  /**
   * A part of a picture of the screen, in bytes for the emulator: it stands for output that is no longer kept. `first`:
   * reset screen, scrollback and modes before it; it may be empty, and then that is all. Render it as a replay, and call
   * `rendered` for each part. Clients without a screen leave this out.
   */
  snapshot?(part: Uint8Array, first: boolean, rendered: () => void): void;
  /**
   * Output from `from` up to `to` will not come. `repainted`: a picture has put the screen in place, and only scrollback is
   * missing. Else show it, and reset the emulator.
   */
  gap(from: number, to: number, repainted: boolean): void;
  state(state: TerminalState): void;
  session(ids: { sessionId: string; viewerId: string; created: boolean }): void;
  /**
   * The terminal's size for the output that follows. `driver`: it is this viewer's that counts. `live` is false within a
   * replay: then the output was written for this size, whoever drives now.
   */
  size(cols: number, rows: number, driver: boolean, live: boolean): void;
  /** Whether this viewer drives (its size counts), and whether its pace holds the shell. Told when it changes. */
  seat?(driver: boolean, hold: boolean): void;
  /** Round trip to the machine, ms. */
  latency(rttMs: number): void;
  /** The machine has applied the first so many of the bytes that `inputTaken` counts; their echo may be on its way. */
  inputApplied?(bytes: number): void;
}

export interface TerminalClientOptions {
  /** `ws(s)://host/api/terminal/ag_…/ws`; with `?token=…` only where `openSocket` does not send the token as a subprotocol. */
  webSocketUrl: (token: string) => string;
  /** Gets a ticket. Rejects with TerminalRefusal when trying again is of no use; any other error is tried again. */
  ticket: (sessionId: string | undefined) => Promise<TerminalTicket>;
  /** Columns and rows, 1 to 1000. */
  size: { cols: number; rows: number };
  /** Re-attach to a session as this viewer. `from`: every byte before it is on the screen already; absent: nothing is. */
  resume?: { sessionId: string; viewerId: string; from?: number };
  /** Default: the global WebSocket, with the token as a subprotocol. */
  openSocket?: (url: string, protocol: string, token: string) => WebSocketLike;
  handlers: TerminalHandlers;
  /** Default: the runtime's timers. */
  clock?: Clock;
  /** 0 (included) to 1, for jitter. Default: Math.random. */
  random?: () => number;
}

/** The server said no, and asking again would not help. `code` is from the error list of the API. */
export class TerminalRefusal extends Error {
  override readonly name = 'TerminalRefusal';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
