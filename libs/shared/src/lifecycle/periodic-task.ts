/** Runs a task repeatedly, and never twice at the same time: a run is skipped while the previous one has not ended. */
export class PeriodicTask {
  readonly #everyMs: number;
  readonly #task: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  /** @param task never fails */
  constructor(everyMs: number, task: () => Promise<void>) {
    this.#everyMs = everyMs;
    this.#task = task;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#task().finally(() => {
        this.#running = undefined;
      });
    }, this.#everyMs);
  }

  /** Resolves when the current run has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }
}
