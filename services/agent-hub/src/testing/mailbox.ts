interface Waiting<T> {
  readonly wanted: (item: T) => boolean;
  readonly resolve: (item: T) => void;
}

/** What came, in order, for tests that wait for the next of a kind. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: Waiting<T>[] = [];

  put(item: T): void {
    const at = this.#waiting.findIndex(({ wanted }) => wanted(item));
    if (at < 0) this.#items.push(item);
    else this.#waiting.splice(at, 1)[0]?.resolve(item);
  }

  /** How many of the kind have come and were not taken. */
  count(wanted: (item: T) => boolean): number {
    return this.#items.filter(wanted).length;
  }

  take(wanted: (item: T) => boolean = () => true, timeoutMs = 10_000): Promise<T> {
    const at = this.#items.findIndex(wanted);
    if (at >= 0) {
      const [item] = this.#items.splice(at, 1);
      if (item !== undefined) return Promise.resolve(item);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nothing of the kind came in time')), timeoutMs);
      this.#waiting.push({
        wanted,
        resolve: (item) => {
          clearTimeout(timer);
          resolve(item);
        },
      });
    });
  }
}
