/**
 * Shares reads of one key among concurrent callers. A result is never older than its call: a caller during a running read gets the next
 * read. So a thousand terminals that reconnect at once cost two reads, and a revocation written before the call is in the result.
 */
export class FreshReads<T> {
  readonly #running = new Map<string, Promise<T>>();
  readonly #next = new Map<string, Promise<T>>();

  read(key: string, load: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, load);
    const queued = this.#next.get(key);
    if (queued !== undefined) return queued;
    const next = running
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        this.#next.delete(key);
        return this.#start(key, load);
      });
    this.#next.set(key, next);
    return next;
  }

  #start(key: string, load: () => Promise<T>): Promise<T> {
    const run = load().finally(() => {
      if (this.#running.get(key) === run) this.#running.delete(key);
    });
    this.#running.set(key, run);
    return run;
  }
}
