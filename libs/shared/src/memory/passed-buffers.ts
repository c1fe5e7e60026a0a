/**
 * Bytes between two collections. A gRPC relay allocates three to four times as many, and V8 marks the heap of a small service once it has
 * grown by about 10 MB. A collection takes 0.2 to 1 ms.
 */
const collectAfter = 1024 * 1024;

/** Collects the young generation: V8's `gc`, available with `--expose-gc`. */
export type CollectYoung = (how: { type: 'minor' }) => void;

/**
 * Frees the buffers of forwarded bytes. Each socket read allocates a buffer of up to 64 KiB outside V8's heap and almost nothing in it, so
 * the young generation never fills and is not collected. Without this, V8 marks its whole heap several times a second and pauses for
 * 10 to 40 ms, which delays all users' keys (ADR 16, ADR 48).
 */
export class PassedBuffers {
  readonly #collect: CollectYoung | undefined;
  #passed = 0;

  /** Without a collector this class does nothing, and forwarding is slower. */
  constructor(collect: CollectYoung | undefined) {
    this.#collect = collect;
  }

  /** Counts bytes read from a socket. */
  passed(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed < collectAfter) return;
    this.#passed = 0;
    this.#collect?.({ type: 'minor' });
  }
}

/** The forwarded bytes of this process. Services that forward output run with `--expose-gc`. */
export const passedBuffers = new PassedBuffers(globalThis.gc);
