/** Limits how often the notifications of one tab are shown. A program may ask for one with each piece of its output. */
export class NotificationPace {
  readonly #everyMs: number;
  /** By tab, for `everyMs` after a notification: the next one, if there is any. */
  readonly #next = new Map<string, (() => void) | undefined>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Shows the notification now or, if one was just shown, later, in place of an earlier one that waits. */
  offer(key: string, show: () => void): void {
    const waits = this.#next.has(key);
    this.#next.set(key, waits ? show : undefined);
    if (waits) return;
    setTimeout(() => this.#showNext(key), this.#everyMs);
    show();
  }

  /** Drops a notification that waits. */
  drop(key: string): void {
    if (this.#next.has(key)) this.#next.set(key, undefined);
  }

  #showNext(key: string): void {
    const show = this.#next.get(key);
    this.#next.delete(key);
    if (show !== undefined) this.offer(key, show);
  }
}
