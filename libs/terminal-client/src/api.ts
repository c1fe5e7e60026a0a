import type { EndCause, ForegroundState, Participant, RecordingMode } from '@webxterm/contracts/frames';
import type { Clock } from './clock.ts';
import type { WebSocketLike } from './web-socket.ts';

/** A one-use ticket and its session. The server creates a session id if none was requested. */
export interface TerminalTicket {
  ticket: string;
  sessionId: string;
}

export type TerminalState =
  /** The first attach is in progress. */
  | { state: 'connecting' }
  | { state: 'live' }
  /** The connection broke. The client reconnects automatically. */
  | { state: 'reconnecting'; retryInMs: number; reason: string }
  /** The machine is unreachable. The client waits for it, and the shell stays the same. */
  | { state: 'unreachable'; retryInMs: number }
  /** Final. */
  | { state: 'ended'; cause: EndCause; exitCode: number | undefined; signal: string | undefined }
  /**
   * Final: no access, not found, limit of sessions or terminals reached, displaced by a newer connection of this viewer, or ticket refused.
   */
  | { state: 'refused'; code: string; message: string };

/** Events of the client. All are called from the client's own event handlers, never during a call of the caller. */
export interface TerminalHandlers {
  /**
   * Output to render. Call `rendered` once it is on the screen: this moves ack and limit, and without it the output stops. `live` is false
   * for a replay: the caller must suppress the emulator's replies, bell and titles.
   */
  output(bytes: Uint8Array, info: { offset: number; live: boolean }, rendered: () => void): void;
  /**
   * A part of a snapshot of the screen, in bytes for the emulator. The snapshot replaces output that is no longer kept. `first`: reset
   * screen, scrollback and modes before rendering it. The first part may be empty and the only one. Render parts like a replay, and call
   * `rendered` for each. Clients without a screen omit this handler.
   */
  snapshot?(part: Uint8Array, first: boolean, rendered: () => void): void;
  /**
   * Output from `from` (included) to `to` (excluded) will not arrive. `repainted`: a snapshot has restored the screen, so only scrollback
   * is missing. Otherwise show the gap and reset the emulator.
   */
  gap(from: number, to: number, repainted: boolean): void;
  state(state: TerminalState): void;
  session(ids: { sessionId: string; viewerId: string; created: boolean }): void;
  /**
   * The terminal's size for the following output. `driver`: this viewer sets the size. `live` is false in a replay: the output was written
   * for this size, whichever viewer drives now. 0 columns and rows: the session is of a kind without a size.
   */
  size(cols: number, rows: number, driver: boolean, live: boolean): void;
  /** Called on a change. `driver`: this viewer's size is the terminal's size. `hold`: this viewer's pace limits the shell. */
  driver?(driver: boolean, hold: boolean): void;
  /** Called at each attach to a recorded session. `required`: its shell waits while it cannot be recorded. */
  recorded?(mode: RecordingMode): void;
  /** Called when it changes who is attached, or who types, in a session that has or had guests. `you`: this viewer's own number. */
  presence?(participants: readonly Participant[], you: number): void;
  /** Called at each attach and on a change, if the machine knows what has the foreground. `program`: its name, or empty. */
  foreground?(state: ForegroundState, program: string): void;
  /**
   * Called before the machine ends the session because it is not used, at each attach in that time, and with `endsInMs` 0 once it is used
   * again. `limitSeconds`: how long it may be unused.
   */
  idle?(endsInMs: number, limitSeconds: number): void;
  /** Round trip to the machine, ms. */
  latency(rttMs: number): void;
  /** The machine has applied the first `bytes` bytes of those counted by `inputTaken`. Their echo may be on its way. */
  inputApplied?(bytes: number): void;
}

export interface TerminalClientOptions {
  /** `ws(s)://host/api/terminal/ag_…/ws`. Append `?token=…` only if `openSocket` does not send the token as a subprotocol. */
  webSocketUrl: (token: string) => string;
  /** Requests a ticket. Must reject with TerminalRefusal if a retry is useless. After any other error the client retries. */
  ticket: (sessionId: string | undefined) => Promise<TerminalTicket>;
  /** Columns and rows, each 1 to 1000. */
  size: { cols: number; rows: number };
  /** Attach to a session again as this viewer. `from`: all output before this offset is on the screen. Absent: no output is. */
  resume?: { sessionId: string; viewerId: string; from?: number };
  /** The largest number of bytes allowed beyond the rendered output. Default and maximum: 4 MiB. */
  maxWindow?: number;
  /** Default: the global WebSocket, with the token as a subprotocol. */
  openSocket?: (url: string, protocol: string, token: string) => WebSocketLike;
  handlers: TerminalHandlers;
  /** Default: the runtime's timers. */
  clock?: Clock;
  /** 0 (included) to 1, for jitter. Default: Math.random. */
  random?: () => number;
}

/** The server refused, and a retry is useless. `code` is from the error list of the API. */
export class TerminalRefusal extends Error {
  override readonly name = 'TerminalRefusal';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
