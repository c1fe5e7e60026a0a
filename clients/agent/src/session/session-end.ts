import type { EndCause } from '@webxterm/contracts/frames';
import type { ExitResult } from '../shell/controlled-start.ts';
import { killAfterHangupMs } from '../shell/pty.ts';

/** How a session ended, and where its output ends. */
export type SessionResult = ExitResult & { finalOffset: number; cause: EndCause };

/** The end of one session: how it is brought about, how it came, and who has yet to see it. */
export class SessionEnd {
  #cause: EndCause | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #came: { result: SessionResult; at: number } | undefined;
  /** Viewers that have not acknowledged the last byte. */
  #unseen = new Set<string>();
  #seen = false;

  /** How it ended; undefined while it lives. */
  get result(): SessionResult | undefined {
    return this.#came?.result;
  }

  /** Everyone who was there when it ended has acknowledged the last byte. */
  get seen(): boolean {
    return this.#seen;
  }

  /** ms since it came; undefined before. */
  since(now: number): number | undefined {
    return this.#came === undefined ? undefined : now - this.#came.at;
  }

  /** Ends the shell: SIGHUP, and SIGKILL after 5 s. The first cause stands. */
  bring(cause: EndCause, kill: (signal: NodeJS.Signals) => void): void {
    if (this.#came !== undefined) return;
    this.#cause ??= cause;
    kill('SIGHUP');
    kill('SIGCONT');
    this.#killTimer ??= setTimeout(() => kill('SIGKILL'), killAfterHangupMs);
  }

  /** It has come. `witnesses`: who is to see the last byte. */
  come(exit: ExitResult, finalOffset: number, witnesses: Iterable<string>, now: number): SessionResult {
    clearTimeout(this.#killTimer);
    const result = { ...exit, finalOffset, cause: this.#cause ?? ('shell_exit' as const) };
    this.#came = { result, at: now };
    this.#unseen = new Set(witnesses);
    return result;
  }

  /** A viewer has acknowledged everything. */
  sawAll(writer: string): void {
    if (this.#unseen.delete(writer) && this.#unseen.size === 0) this.#seen = true;
  }
}
