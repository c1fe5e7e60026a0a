/** An input frame to send. `offset` counts the bytes of this writer from its first byte. */
export type InputFrame = { offset: number; reply: boolean; earlier: boolean; payload: Uint8Array };

/** `earlier`: a reply to a query that was received before the current attachment. */
type Chunk = { bytes: Uint8Array; reply: boolean; earlier: boolean };

export type InputQueueBounds = {
  /** Largest payload of a frame, in bytes. */
  frame: number;
  /** Largest number of bytes sent but not acknowledged. */
  window: number;
  /** Largest number of bytes kept: unacknowledged bytes and bytes not sent yet. */
  queue: number;
};

/** Consecutive small inputs that cannot be sent yet are joined into chunks of at most this many bytes. */
const joinUpTo = 1024;

/**
 * The input of one writer, on the viewer's side. Unacknowledged bytes are kept and repeated after a break, so no keystroke is lost or
 * applied twice. Nothing is sent beyond the machine's limit.
 */
export class InputQueue {
  readonly #bounds: InputQueueBounds;
  #chunks: Chunk[] = [];
  /** Number of chunks at the front that are sent. Each was one frame. */
  #sentChunks = 0;
  /** Offset of the first byte kept. All bytes before it are applied. */
  #base = 0;
  #sent = 0;
  /** Highest offset ever sent. After a restart the machine may still apply bytes that the previous connection carried. */
  #everSent = 0;
  #end = 0;
  #limit = 0;

  constructor(bounds: InputQueueBounds) {
    this.#bounds = bounds;
  }

  /** Bytes kept: unacknowledged or not sent yet. */
  get size(): number {
    return this.#end - this.#base;
  }

  /** Bytes that can still be pushed. */
  get room(): number {
    return this.#bounds.queue - this.size;
  }

  /**
   * Queues input without copying it. `reply`: the emulator produced it in answer to a query. `earlier`: the query was received before the
   * current attachment.
   * @returns false if there is not enough room for all of it; then nothing is queued
   */
  push(bytes: Uint8Array, reply: boolean, earlier = false): boolean {
    if (bytes.length > this.room) return false;
    for (let at = 0; at < bytes.length; at += this.#bounds.frame) {
      this.#append({ bytes: bytes.subarray(at, at + this.#bounds.frame), reply, earlier });
    }
    return true;
  }

  /** The next frame that may be sent now. The frame counts as sent. */
  next(): InputFrame | undefined {
    const chunk = this.#chunks[this.#sentChunks];
    const allowed = Math.min(this.#limit, this.#base + this.#bounds.window) - this.#sent;
    if (chunk === undefined || allowed <= 0) return undefined;
    if (chunk.bytes.length > allowed) {
      const rest = { ...chunk, bytes: chunk.bytes.subarray(allowed) };
      chunk.bytes = chunk.bytes.subarray(0, allowed);
      this.#chunks.splice(this.#sentChunks + 1, 0, rest);
    }
    const { bytes: payload, reply, earlier } = chunk;
    const frame = { offset: this.#sent, reply, earlier, payload };
    this.#sent += chunk.bytes.length;
    this.#everSent = Math.max(this.#everSent, this.#sent);
    this.#sentChunks += 1;
    return frame;
  }

  /** The machine has applied all bytes before `applied`, and accepts input up to `limit`. */
  acked(applied: number, limit: number): void {
    this.#limit = Math.max(this.#limit, limit);
    this.#drop(Math.min(applied, this.#everSent));
    this.#sent = Math.max(this.#sent, this.#base);
  }

  /**
   * The writer has attached (again), or the machine has sent a reset. Bytes from `applied` on are sent again. If the machine's `applied` is
   * outside of the range that this queue knows, the kept bytes are renumbered from `applied`.
   */
  restart(applied: number, limit: number): void {
    if (applied >= this.#base && applied <= this.#everSent) this.#drop(applied);
    const shift = applied - this.#base;
    this.#base += shift;
    this.#end += shift;
    this.#sent = this.#base;
    if (shift !== 0) this.#everSent = this.#base;
    this.#sentChunks = 0;
    this.#limit = limit;
  }

  /** The viewer attaches again. All replies that are kept answer queries of before this attachment. */
  keepReplies(): void {
    for (const chunk of this.#chunks) chunk.earlier = chunk.reply;
  }

  #append(chunk: Chunk): void {
    const { bytes, reply, earlier } = chunk;
    this.#end += bytes.length;
    const last = this.#chunks.length > this.#sentChunks ? this.#chunks.at(-1) : undefined;
    if (
      last === undefined ||
      last.reply !== reply ||
      last.earlier !== earlier ||
      last.bytes.length + bytes.length > Math.min(joinUpTo, this.#bounds.frame)
    ) {
      this.#chunks.push(chunk);
      return;
    }
    const joined = new Uint8Array(last.bytes.length + bytes.length);
    joined.set(last.bytes);
    joined.set(bytes, last.bytes.length);
    last.bytes = joined;
  }

  #drop(upTo: number): void {
    while (this.#base < upTo) {
      const first = this.#chunks[0];
      if (first === undefined) return;
      const take = Math.min(first.bytes.length, upTo - this.#base);
      this.#base += take;
      if (take < first.bytes.length) {
        first.bytes = first.bytes.subarray(take);
        return;
      }
      this.#chunks.shift();
      if (this.#sentChunks > 0) this.#sentChunks -= 1;
    }
  }
}
