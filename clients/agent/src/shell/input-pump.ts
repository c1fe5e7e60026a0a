/** The target of input. */
export type InputSink = {
  /** @returns the bytes taken, 0 for "none now", -1 for "closed" */
  write(bytes: Uint8Array): number;
  /** Calls back once it takes input again. Missing: it has no event for that. */
  whenReady?(ready: () => void): void;
};

export type QueuedInput = {
  bytes: Uint8Array;
  /** Counted as applied but not written: a reply of an emulator that must be dropped. */
  discard: boolean;
  /** Asked before each write: whether the rest may still be written. If not, it is counted as applied. Missing: it may. */
  allowed?(): boolean;
  /** `count` further bytes are applied. */
  onApplied(count: number): void;
};

/** Limit per turn of the event loop, so that a paste does not delay other sessions. */
const maxPerTurn = 64 * 1024;
const firstRetryMs = 1;
const lastRetryMs = 16;

/**
 * Writes input to a terminal in order, at the terminal's pace. A pseudo-terminal has no event for "takes input again" (it always polls as
 * writable), so a write that it refuses is retried after 1 to 16 ms. The input limits of the writers bound the queue.
 */
export class InputPump {
  readonly #sink: InputSink;
  #queue: QueuedInput[] = [];
  #retryMs = firstRetryMs;
  #cancel: (() => void) | undefined;
  #closed = false;
  #frozen = false;

  constructor(sink: InputSink) {
    this.#sink = sink;
  }

  push(input: QueuedInput): void {
    if (this.#closed) return;
    this.#queue.push(input);
    if (this.#cancel === undefined && !this.#frozen) this.#drain();
  }

  /** Writes nothing until it is called with false. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    this.#cancel?.();
    this.#cancel = undefined;
    if (!frozen && !this.#closed) this.#drain();
  }

  /** Drops queued input. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #drain(): void {
    this.#cancel = undefined;
    let budget = maxPerTurn;
    let done = 0;
    while (done < this.#queue.length && budget > 0) {
      const input = this.#queue[done];
      if (input === undefined) break;
      const dropped = input.discard || input.allowed?.() === false;
      const taken = dropped ? input.bytes.length : this.#sink.write(input.bytes);
      if (taken < 0) {
        this.close();
        return;
      }
      if (taken > 0) {
        this.#retryMs = firstRetryMs;
        budget -= taken;
        input.onApplied(taken);
        input.bytes = input.bytes.subarray(taken);
      }
      if (input.bytes.length > 0) break;
      done += 1;
    }
    this.#queue.splice(0, done);
    if (this.#queue.length > 0 && !this.#closed) this.#later(budget <= 0);
  }

  #later(atOnce: boolean): void {
    const drain = (): void => this.#drain();
    if (atOnce) {
      const turn = setImmediate(drain);
      this.#cancel = () => clearImmediate(turn);
      return;
    }
    if (this.#sink.whenReady !== undefined) {
      let waits = true;
      this.#cancel = () => {
        waits = false;
      };
      this.#sink.whenReady(() => {
        if (waits) drain();
      });
      return;
    }
    const timer = setTimeout(drain, this.#retryMs);
    this.#cancel = () => clearTimeout(timer);
    this.#retryMs = Math.min(lastRetryMs, this.#retryMs * 2);
  }
}
