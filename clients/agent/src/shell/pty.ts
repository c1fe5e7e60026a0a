import { writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import {
  type Foreground,
  killAfterHangupMs,
  type ProcessEvents,
  type SizedProcess,
  type WindowSize,
} from '../session/session-kind.ts';
import { adoptChild, type HandedShell, type TerminalChild } from './adopted-child.ts';
import { type ExitResult, signalName } from './controlled-start.ts';
import { foregroundOf } from './foreground.ts';
import { giveTerminal, startLogin } from './login-child.ts';
import { loadNativePty, type NativePty, spawnHelperPath } from './native-pty.ts';
import { readProcess } from './processes.ts';
import { noTerminal } from './ptmx.ts';
import type { Launch } from './run-as.ts';
import { signalGroup } from './signals.ts';

/** A background process keeps the tty open, so no EIO follows the child's exit. Then the output ends after this time. */
const outputAfterExitMs = 1000;
/** The kernel returns at most 4 KiB per read. libuv reads up to 32 times in a row. */
const readBufferSize = 64 * 1024;

let native: NativePty | undefined;

const isRetry = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EAGAIN';

/** Starts the program as a direct child of this process, with its own terminal. */
const fork = (
  native: NativePty,
  launch: Launch,
  size: WindowSize,
  onExit: (result: ExitResult) => void,
): TerminalChild => {
  const env = Object.entries(launch.env).map(([key, value]) => `${key}=${value}`);
  // uid and gid -1: `launch` (setpriv) sets the child's user.
  const { pid, fd, pty } = native.fork(
    launch.file,
    launch.args,
    env,
    launch.cwd,
    size.cols,
    size.rows,
    -1,
    -1,
    true,
    spawnHelperPath(),
    (code, signal) =>
      onExit(
        signal === 0 ? { exitCode: code, signal: undefined } : { exitCode: undefined, signal: signalName(signal) },
      ),
  );
  // In time, because the stages before the program take milliseconds.
  if (launch.terminalOf !== undefined) giveTerminal(pty, launch.terminalOf);
  const startedAt = readProcess(pid)?.startedAt ?? 0;
  return { pid, fd, kill: (signal) => signalGroup(pid, signal), handOver: () => ({ pid, fd, startedAt }) };
};

const startShell = (
  native: NativePty,
  launch: Launch,
  size: WindowSize,
  events: { onExit(result: ExitResult): void; onNotice(text: string): void },
): TerminalChild => {
  const { login } = launch;
  try {
    return login === undefined
      ? fork(native, launch, size, events.onExit)
      : startLogin(native, { ...launch, login }, size, events);
  } catch (error) {
    throw noTerminal(error);
  }
};

/** A child on a pseudo-terminal. This class owns the file descriptor until the output has ended. */
export class Pty implements SizedProcess {
  readonly #child: TerminalChild;
  readonly #events: ProcessEvents;
  readonly #fd: number;
  readonly #stream: ReadStream;
  #open = true;
  #result: ExitResult | undefined;
  #lateEnd: NodeJS.Timeout | undefined;

  /**
   * Starts a shell, or continues one that an earlier agent process started.
   * @throws Error if the machine cannot create another pseudo-terminal or process
   */
  constructor(shell: Launch | HandedShell, size: WindowSize, events: ProcessEvents) {
    this.#events = events;
    native ??= loadNativePty();
    const onExit = (result: ExitResult): void => this.#exited(result);
    const onNotice = (text: string): void => events.onOutput(Buffer.from(text.replaceAll('\n', '\r\n')));
    this.#child = 'fd' in shell ? adoptChild(shell, onExit) : startShell(native, shell, size, { onExit, onNotice });
    this.#fd = this.#child.fd;
    const buffer = new Uint8Array(readBufferSize);
    const onRead = (count: number): boolean => {
      events.onOutput(buffer.subarray(0, count));
      return true;
    };
    this.#stream = new ReadStream(this.#fd, { onread: { buffer, callback: onRead } });
    // A pseudo-terminal reports EIO when no process has its other side open.
    this.#stream.on('error', () => undefined);
    this.#stream.on('close', () => {
      this.#open = false;
      if (this.#result === undefined) this.#endWithoutTerminal();
      this.#maybeEnd();
    });
    this.#stream.resume();
  }

  /** Undefined while the shell is being started, or ends. */
  handOver(): HandedShell | undefined {
    if (!this.#open || this.#result !== undefined) return undefined;
    const handed = this.#child.handOver();
    // It may have been reaped already, with its exit not yet reported to this thread.
    return handed !== undefined && readProcess(handed.pid)?.startedAt === handed.startedAt ? handed : undefined;
  }

  foreground(): Foreground | undefined {
    return this.#result === undefined ? foregroundOf(this.pid) : undefined;
  }

  /** The child: the shell, or the su that holds its session. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Writes input to the terminal without blocking.
   * @returns the bytes taken: 0 if the terminal takes none now (try again later), -1 if it is closed
   */
  write(bytes: Uint8Array): number {
    if (!this.#open) return -1;
    try {
      // Synchronous on purpose: the descriptor is non-blocking, so this copies into the kernel or fails with EAGAIN (0.3 ms for 11 KiB and
      // the refusal). Meanwhile the descriptor cannot be closed and reused for another file.
      return writeSync(this.#fd, bytes);
    } catch (error) {
      return isRetry(error) ? 0 : -1;
    }
  }

  resize(size: WindowSize): void {
    if (this.#open) native?.resize(this.#fd, size.cols, size.rows);
  }

  /** Stops reading. The kernel's buffer fills, and the program blocks in its next write. */
  pause(): void {
    if (this.#open) this.#stream.pause();
  }

  resume(): void {
    if (this.#open) this.#stream.resume();
  }

  /** Sends SIGHUP, as when a terminal is closed, and SIGCONT, so that a stopped shell receives it. */
  hangUp(): void {
    this.kill('SIGHUP');
    this.kill('SIGCONT');
  }

  /** Sends a signal to the shell's process group, and to the shell itself if it has left that group. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.#result === undefined) this.#child.kill(signal);
  }

  #exited(result: ExitResult): void {
    this.#result = result;
    if (!this.#open) {
      this.#maybeEnd();
      return;
    }
    this.resume();
    this.#lateEnd = setTimeout(() => this.#stream.destroy(), outputAfterExitMs);
  }

  /** A shell that closed its terminal but still runs has got SIGHUP from the kernel. It is unreachable, so it is killed later. */
  #endWithoutTerminal(): void {
    this.#lateEnd = setTimeout(() => this.kill('SIGKILL'), killAfterHangupMs);
  }

  #maybeEnd(): void {
    if (this.#open || this.#result === undefined) return;
    clearTimeout(this.#lateEnd);
    this.#events.onEnd(this.#result);
  }
}
