/** Writes that are nearer to each other than this have one time, ms. */
const resolutionMs = 250;
/** What was written before all marks is older than any question that is still open. */
const maxMarks = 64;

/** When the bytes of a session's output were written, roughly. Times are ms on any clock that does not go back. */
export class OutputAges {
  #marks: { offset: number; at: number }[] = [];

  /** Output was written from `offset` on. */
  wrote(offset: number, now: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && now - last.at < resolutionMs) return;
    this.#marks.push({ offset, at: now });
    if (this.#marks.length > maxMarks) this.#marks.shift();
  }

  /** How long ago the byte at `offset` was written; 0 where there is none yet. */
  of(offset: number, head: number, now: number): number {
    if (offset >= head) return 0;
    const mark = this.#marks.findLast((one) => one.offset <= offset) ?? this.#marks[0];
    return mark === undefined ? 0 : now - mark.at;
  }
}
