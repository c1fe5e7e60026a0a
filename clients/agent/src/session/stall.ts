import type { Logger } from 'pino';

/** A stall longer than this is told in the log. */
const worthTellingMs = 2000;

export type StallOptions = {
  terminal: { pause(): void; resume(): void };
  log: Logger;
  /** ms on a clock that does not go back. */
  now(): number;
};

/** Reads a terminal or lets its program wait, and tells of long waits. */
export class Stall {
  readonly #options: StallOptions;
  #since: number | undefined;
  #told = false;

  constructor(options: StallOptions) {
    this.#options = options;
  }

  /** Whether the terminal is to wait from now on. */
  set(stalled: boolean): void {
    if (stalled === (this.#since !== undefined)) return;
    const { terminal, now } = this.#options;
    this.#since = stalled ? now() : undefined;
    this.#told = false;
    if (stalled) terminal.pause();
    else terminal.resume();
  }

  /** Logs a stall once it has lasted for 2 s. */
  tick(about: { session: string; head: number; reason: string }): void {
    const { log, now } = this.#options;
    if (this.#since === undefined || this.#told || now() - this.#since <= worthTellingMs) return;
    this.#told = true;
    log.info(about, 'the shell waits for its viewer');
  }
}
