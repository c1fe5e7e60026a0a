import type { EndCause } from '@webxterm/contracts/frames';
import type { ExitResult } from '../shell/controlled-start.ts';
import { killAfterHangupMs, type SessionProcess } from './session-kind.ts';

/** How a session ended, and the final offset of its output. */
export type SessionResult = ExitResult & { finalOffset: number; cause: EndCause };

/** The end of one session: its request, its result, and the viewers that have not received the last output. */
export class SessionEnd {
  #cause: EndCause | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #came: { result: SessionResult; at: number } | undefined;
  /** Viewers that have not acknowledged the last output. */
  #unseen = new Set<string>();
  #seen = false;

  /** The requested cause of the end. Undefined: none was requested. */
  get cause(): EndCause | undefined {
    return this.#cause;
  }

  /** Continues the end of another agent process. */
  restore(came: { result: SessionResult; at: number }): void {
    this.#came = came;
  }

  /** The result, or undefined while the session is alive. */
  get result(): SessionResult | undefined {
    return this.#came?.result;
  }

  /** Whether all viewers attached at the end have acknowledged the last output. */
  get seen(): boolean {
    return this.#seen;
  }

  /** ms since the end, or undefined before it. */
  since(now: number): number | undefined {
    return this.#came === undefined ? undefined : now - this.#came.at;
  }

  /** Hangs up the process, and kills it after 5 s. The first cause is kept. */
  bring(cause: EndCause, process: Pick<SessionProcess, 'hangUp' | 'kill'>): void {
    if (this.#came !== undefined) return;
    this.#cause ??= cause;
    process.hangUp(cause);
    this.#killTimer ??= setTimeout(() => process.kill(), killAfterHangupMs);
  }

  /** The session has ended. `witnesses`: viewers that must receive the last output. */
  come(exit: ExitResult, finalOffset: number, witnesses: Iterable<string>, now: number): SessionResult {
    clearTimeout(this.#killTimer);
    const result = { ...exit, finalOffset, cause: this.#cause ?? ('shell_exit' as const) };
    this.#came = { result, at: now };
    this.#unseen = new Set(witnesses);
    return result;
  }

  /** A viewer has acknowledged all output. */
  sawAll(writer: string): void {
    if (this.#unseen.delete(writer) && this.#unseen.size === 0) this.#seen = true;
  }
}
