interface Waiting<T> {
  readonly wanted: (item: T) => boolean;
  readonly resolve: (item: T) => void;
}

/** Received items in order. A test can wait for the next item that matches. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: Waiting<T>[] = [];

  put(item: T): void {
    const at = this.#waiting.findIndex(({ wanted }) => wanted(item));
    if (at < 0) this.#items.push(item);
    else this.#waiting.splice(at, 1)[0]?.resolve(item);
  }

  /** The number of received items that match and were not taken. */
  count(wanted: (item: T) => boolean): number {
    return this.#items.filter(wanted).length;
  }

  /** @throws Error after `timeoutMs`, with the source of `wanted` and the number of the items that did not match */
  take(wanted: (item: T) => boolean = () => true, timeoutMs = 10_000): Promise<T> {
    const at = this.#items.findIndex(wanted);
    if (at >= 0) {
      const [item] = this.#items.splice(at, 1);
      if (item !== undefined) return Promise.resolve(item);
    }
    return new Promise((resolve, reject) => {
      const late = (): void =>
        reject(new Error(`no item arrived within ${timeoutMs} ms for ${wanted}, and ${this.#items.length} others did`));
      const timer = setTimeout(late, timeoutMs);
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
