import type { Logger } from 'pino';

/** A longer stall is logged. */
const logAfterMs = 2000;

export type StallOptions = {
  process: { pause(): void; resume(): void };
  log: Logger;
  /** ms on a monotonic clock. */
  now(): number;
};

/** Pauses and resumes reading from a process, and logs long pauses. */
export class Stall {
  readonly #options: StallOptions;
  #since: number | undefined;
  #logged = false;
  #frozen = false;

  constructor(options: StallOptions) {
    this.#options = options;
  }

  /** Pauses reading if `stalled`, else resumes it. */
  set(stalled: boolean): void {
    if (stalled === (this.#since !== undefined)) return;
    const { process, now } = this.#options;
    this.#since = stalled ? now() : undefined;
    this.#logged = false;
    if (this.#frozen) return;
    if (stalled) process.pause();
    else process.resume();
  }

  /** Pauses reading whatever is set, until it is called with false. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    if (frozen) this.#options.process.pause();
    else if (this.#since === undefined) this.#options.process.resume();
  }

  /** Logs a stall once it has lasted for 2 s. */
  tick(about: { session: string; head: number; reason: string }): void {
    const { log, now } = this.#options;
    if (this.#since === undefined || this.#logged || now() - this.#since <= logAfterMs) return;
    this.#logged = true;
    log.info(about, 'the process waits for its viewer');
  }
}
