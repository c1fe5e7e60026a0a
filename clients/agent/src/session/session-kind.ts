import type { ErrorCode } from '@webxterm/contracts/errors';
import type { EndCause, ForegroundState } from '@webxterm/contracts/frames';
import type { ExitResult } from '../shell/controlled-start.ts';

/** Columns and rows of a window. */
export type WindowSize = { cols: number; rows: number };

export type ProcessEvents = {
  /** Output, as a view that is valid only until this returns. */
  onOutput(bytes: Uint8Array): void;
  /** The process and its output have ended. Called once. */
  onEnd(result: ExitResult): void;
};

/**
 * The program or shell that has the foreground of a terminal. `command`: the name of the program, empty for the session's process itself.
 * `directory`: its working directory, empty if it is unknown.
 */
export type Foreground = { state: ForegroundState; command: string; directory: string };

/** The running process of a session: the source of its output and the sink of its input. */
export type SessionProcess = {
  /**
   * Writes input without blocking.
   * @returns the bytes taken: 0 if it takes none now (try again later), -1 if it takes no more
   */
  write(bytes: Uint8Array): number;
  /** Calls back once `write` takes input again. Missing: `write` is tried again after some milliseconds. */
  whenReady?(ready: () => void): void;
  /** Stops reading output, so that the process blocks in its next write. */
  pause(): void;
  resume(): void;
  /** Asks the process to end. `cause`: why the session ends. */
  hangUp(cause: EndCause): void;
  /**
   * The state that another agent process needs to continue this process, as JSON. Undefined: not possible now. Missing: never possible, and the agent
   * is not replaced while the session exists.
   */
  handOver?(): unknown;
  /** The program or shell that has the foreground now. Undefined, or missing: unknown. */
  foreground?(): Foreground | undefined;
  /** Ends the process at once. Called if it has not ended `killAfterHangupMs` after `hangUp`. */
  kill(): void;
};

/** A process whose output is written for a window of a certain size. */
export type SizedProcess = SessionProcess & { resize(size: WindowSize): void };

/** `kill` follows `hangUp` after this time. */
export const killAfterHangupMs = 5000;

/** A session of a kind that ends with its viewer waits this long for a viewer whose connection broke. */
export const brokenViewerMs = 30_000;

/** The session is not opened. The message is for the user. */
export class SessionRefused extends Error {
  override readonly name = 'SessionRefused';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

type KindOfSession = {
  /** The `kind` of an open request, and the capability that the agent announces. */
  readonly name: string;
  /** The process serves its viewer only: it ends when the owner leaves, or has been cut off for 30 s. */
  readonly endsWithViewer?: boolean;
  /**
   * No output is ever lost while the session lives: the process waits for its viewer, also for one that reads nothing or whose connection
   * broke. Missing: it waits for its driver only.
   */
  readonly lossless?: boolean;
  /** Bytes of output that are kept. Missing: as configured. */
  readonly ringSize?: number;
  /** Its sessions are never recorded: they decide by themselves what may not go on without. */
  readonly unrecorded?: boolean;
  /** Limits of its sessions. Those of kinds with the same group count together. Missing: `max_sessions` applies. */
  readonly bounds?: { readonly group: string; readonly perUser: number; readonly ofAll: number };
  /** The refusal of a session that could not be started. `what`: the noun for the message, such as "a shell". */
  readonly notStarted: { readonly code: ErrorCode; readonly what: string };
};

/** A kind whose output draws a terminal screen. Viewers have a window size, and late viewers get a snapshot of the screen. */
export type TerminalKind = KindOfSession & {
  readonly output: 'terminal';
  /**
   * Prepares the start. `linuxUser`: the requested account, empty for the default.
   * @throws LinuxUserRefused; Error with a message for the user, as may the returned function
   */
  prepare(linuxUser: string): Promise<(events: ProcessEvents, size: WindowSize) => SizedProcess>;
  /** Continues a process of an earlier agent process, from its `handOver`. @throws Error if it is not one of this kind */
  adopt?(handed: unknown, events: ProcessEvents): SizedProcess;
};

/** The request for a session of plain bytes. */
export type BytesRequest = {
  /** Of the session, 16 bytes. */
  readonly sessionId: Buffer;
  /** The requested account, empty for the default. */
  readonly linuxUser: string;
  /** The address that the session connects to, empty for none. */
  readonly target: string;
  /** The user of the session. */
  readonly owner: string;
  /** The rights of the owner that the kind distinguishes, as the hub has checked them. */
  readonly rights: readonly string[];
  /** Terminals of this machine must be recorded. */
  readonly mustRecord: boolean;
};

/** A kind whose output is plain bytes. It has no window size, so resizes have no effect, and a late viewer gets a gap instead of a snapshot. */
export type BytesKind = KindOfSession & {
  readonly output: 'bytes';
  /**
   * Prepares the start.
   * @throws LinuxUserRefused; SessionRefused; Error with a message for the user, as may the returned function
   */
  prepare(wanted: BytesRequest): Promise<(events: ProcessEvents) => SessionProcess>;
  /** As that of a terminal kind. */
  adopt?(handed: unknown, events: ProcessEvents): SessionProcess;
};

/**
 * The content of a session. The session itself (ring, offsets, viewers, limits, end) is the same for every kind. The agent offers the kinds
 * that its `Sessions` are given.
 */
export type SessionKind = TerminalKind | BytesKind;
