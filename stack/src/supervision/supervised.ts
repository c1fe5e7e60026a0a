import { reasonOf } from '../failure.ts';
import { BackOff } from './back-off.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running process. */
export interface Running {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Sends SIGTERM, then SIGKILL at the deadline. Resolves when the process has ended. */
  readonly end: () => Promise<void>;
}

export interface SupervisedOptions {
  readonly name: string;
  /** Starts the process, calls `spawned` with its pid, and resolves when it is usable. */
  readonly launch: (spawned: (pid: number) => void) => Promise<Running>;
  /** The pid of a new process. Undefined: it has ended. */
  readonly onChange: (pid: number | undefined) => void;
  readonly onDeath: (text: string) => void;
  /** Its settings are invalid, so it is not started again. */
  readonly onGiveUp: (text: string) => void;
  readonly backOff?: BackOff;
  readonly now?: () => number;
}

const describeExit = (exit: Exit): string =>
  exit.signal === null ? `ended with ${exit.code ?? 'no exit code'}` : `was ended by ${exit.signal}`;

/** Restarts a process whenever it ends, until `stop`. */
export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  readonly #backOff: BackOff;
  readonly #now: () => number;
  #wanted = false;
  #running: Running | undefined;
  #timer: NodeJS.Timeout | undefined;
  #launching: Promise<void> | undefined;
  #waiters: (() => void)[] = [];

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
    this.#backOff = options.backOff ?? new BackOff();
    this.#now = options.now ?? (() => performance.now());
  }

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** Starts the process. Rejects if the first start fails. */
  async start(): Promise<void> {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#launching = this.#launch();
    try {
      await this.#launching;
    } catch (error) {
      this.#wanted = false;
      throw error;
    }
  }

  /** Stops the process and does not restart it. */
  async stop(): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#timer);
    await this.#launching?.catch(() => {});
    await this.#running?.end();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Sends a signal (SIGKILL in tests of faults). Resolves with the pid of the replacement. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number> {
    const running = this.#running;
    if (running === undefined) throw new Error(`${this.name} does not run`);
    process.kill(running.pid, signal);
    await running.exited;
    while (this.#running === undefined || this.#running === running)
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.#running.pid;
  }

  async #launch(): Promise<void> {
    const startedAt = this.#now();
    const running = await this.#options
      .launch((pid) => this.#options.onChange(pid))
      .catch((error: unknown) => {
        this.#options.onChange(undefined);
        throw error;
      });
    this.#running = running;
    for (const waiter of this.#waiters.splice(0)) waiter();
    void running.exited.then((exit) => this.#died(exit, startedAt));
  }

  #died(exit: Exit, startedAt: number): void {
    this.#running = undefined;
    this.#options.onChange(undefined);
    if (!this.#wanted) return;
    this.#again(describeExit(exit), exit.code, startedAt);
  }

  #again(what: string, code: number | null, startedAt: number): void {
    const verdict = this.#backOff.died(code, startedAt, this.#now());
    if (verdict.action === 'give-up') {
      this.#wanted = false;
      this.#options.onGiveUp(`${this.name} ended again and again because its settings are invalid`);
      return;
    }
    this.#options.onDeath(`${this.name} ${what}; starting it again`);
    this.#timer = setTimeout(() => {
      const restartedAt = this.#now();
      this.#launching = this.#launch().catch((error: unknown) => {
        if (this.#wanted) this.#again(`could not be started (${reasonOf(error)})`, null, restartedAt);
      });
    }, verdict.afterMs);
  }
}
