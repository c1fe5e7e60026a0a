/** Twice as much waits to be freed at most, far below the 64 MB at which V8 marks; a collection takes 0.2 to 1 ms. */
const collectAfter = 8 * 1024 * 1024;

/** Collects the young generation; V8's own `gc`, which is there with `--expose-gc`. */
export type CollectYoung = (how: { type: 'minor' }) => void;

/**
 * Frees the buffers in which bytes were passed on. Each read of a socket makes one of up to 64 KiB outside V8's heap and next
 * to nothing in it, so the young generation never fills and is not collected; instead V8 marks its whole heap after every 64 MB of
 * them, and stands still for 10 to 40 ms several times a second, and with it everybody's keys (ADR 16).
 */
export class PassedBuffers {
  readonly #collect: CollectYoung | undefined;
  #passed = 0;

  /** Without a collector it does nothing: all works, slower. */
  constructor(collect: CollectYoung | undefined) {
    this.#collect = collect;
  }

  /** So many bytes were read from a socket. */
  passed(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed < collectAfter) return;
    this.#passed = 0;
    this.#collect?.({ type: 'minor' });
  }
}
