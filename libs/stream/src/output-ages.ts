/** Writes within this time (ms) share one mark. */
const resolutionMs = 250;
/** Output older than all marks is also older than any query that may still be answered. */
const maxMarks = 64;

/** The approximate time at which each byte of a session's output was written. Times are ms on any monotonic clock. */
export class OutputAges {
  #marks: { offset: number; at: number }[] = [];

  /** Output was written, starting at `offset`. */
  wrote(offset: number, now: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && now - last.at < resolutionMs) return;
    this.#marks.push({ offset, at: now });
    if (this.#marks.length > maxMarks) this.#marks.shift();
  }

  /** Age of the byte at `offset` in ms, or 0 if it is not written yet. */
  of(offset: number, head: number, now: number): number {
    if (offset >= head) return 0;
    const mark = this.#marks.findLast((one) => one.offset <= offset) ?? this.#marks[0];
    return mark === undefined ? 0 : now - mark.at;
  }
}
