/** A frame of input to send. `offset` counts this writer's bytes from its first. */
export type InputFrame = { offset: number; reply: boolean; payload: Uint8Array };

export type InputQueueBounds = {
  /** Bytes of one frame, at most. */
  frame: number;
  /** Bytes sent but not acknowledged, at most. */
  window: number;
  /** Bytes kept in all, at most: what is not acknowledged and what waits behind it. */
  queue: number;
};

/** Keys typed while nothing can be sent are joined up to this many bytes. */
const joinUpTo = 1024;

/**
 * A writer's side of the input: what is not acknowledged is kept and repeated after a break, so that a keystroke is neither
 * lost nor doubled. Nothing goes beyond the machine's limit.
 */
export class InputQueue {
  readonly #bounds: InputQueueBounds;
  #chunks: { bytes: Uint8Array; reply: boolean }[] = [];
  /** Of the chunks, so many are sent; each was one frame. */
  #sentChunks = 0;
  /** Offset of the first byte kept: all before it is applied. */
  #base = 0;
  #sent = 0;
  /** The furthest that was ever sent: after a restart the machine may still apply what the connection before carried. */
  #everSent = 0;
  #end = 0;
  #limit = 0;

  constructor(bounds: InputQueueBounds) {
    this.#bounds = bounds;
  }

  /** Bytes kept: not acknowledged, or not sent. */
  get size(): number {
    return this.#end - this.#base;
  }

  /** Bytes that may still be put in. */
  get room(): number {
    return this.#bounds.queue - this.size;
  }

  /**
   * Queues input; the bytes are not copied. `reply`: made by the emulator in answer to a query.
   * @returns false when there is no room: nothing of it was taken
   */
  push(bytes: Uint8Array, reply: boolean): boolean {
    if (bytes.length > this.room) return false;
    for (let at = 0; at < bytes.length; at += this.#bounds.frame) {
      this.#append(bytes.subarray(at, at + this.#bounds.frame), reply);
    }
    return true;
  }

  /** The next frame that may be sent now; it counts as sent. */
  next(): InputFrame | undefined {
    const chunk = this.#chunks[this.#sentChunks];
    const allowed = Math.min(this.#limit, this.#base + this.#bounds.window) - this.#sent;
    if (chunk === undefined || allowed <= 0) return undefined;
    if (chunk.bytes.length > allowed) {
      const rest = { bytes: chunk.bytes.subarray(allowed), reply: chunk.reply };
      chunk.bytes = chunk.bytes.subarray(0, allowed);
      this.#chunks.splice(this.#sentChunks + 1, 0, rest);
    }
    const frame = { offset: this.#sent, reply: chunk.reply, payload: chunk.bytes };
    this.#sent += chunk.bytes.length;
    this.#everSent = Math.max(this.#everSent, this.#sent);
    this.#sentChunks += 1;
    return frame;
  }

  /** Everything before `applied` is applied; the machine takes input up to `limit`. */
  acked(applied: number, limit: number): void {
    this.#limit = Math.max(this.#limit, limit);
    this.#drop(Math.min(applied, this.#everSent));
    this.#sent = Math.max(this.#sent, this.#base);
  }

  /**
   * The writer is attached (again), or the machine says to start again: what was sent beyond `applied` is repeated.
   * When the machine does not know what was acknowledged before (or knows of more than this queue ever sent), what is kept
   * goes on from `applied`.
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

  #append(bytes: Uint8Array, reply: boolean): void {
    this.#end += bytes.length;
    const last = this.#chunks.length > this.#sentChunks ? this.#chunks.at(-1) : undefined;
    if (
      last === undefined ||
      last.reply !== reply ||
      last.bytes.length + bytes.length > Math.min(joinUpTo, this.#bounds.frame)
    ) {
      this.#chunks.push({ bytes, reply });
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
