/** Output from `offset` on was written at `ms` since the session's start, up to the next mark. */
export type TimeMark = { offset: number; ms: number };

/** Writes within this time (ms) share one mark. */
const resolutionMs = 10;
/** Limit of marks. A ring with more writes keeps every second mark, so that its times become coarser and no byte loses its time. */
const maxMarks = 16_384;

/** The times at which the bytes in a ring were written, oldest first. Offsets increase and times do not decrease. */
export class TimeMarks {
  #marks: TimeMark[] = [];
  /** Marks before this index are trimmed. They are removed together, because the removal of one moves all others. */
  #start = 0;

  /** Continues with these marks. */
  restore(marks: readonly TimeMark[]): void {
    for (const { offset, ms } of marks) this.#push(offset, ms);
  }

  /** Output was written, starting at `offset`. */
  wrote(offset: number, ms: number): void {
    const last = this.#last;
    if (last !== undefined && ms - last.ms < resolutionMs) return;
    this.#push(offset, ms);
  }

  /** Discards marks that apply only to bytes before `tail`. */
  trim(tail: number): void {
    while (this.#start + 1 < this.#marks.length && (this.#marks[this.#start + 1]?.offset ?? tail) <= tail)
      this.#start += 1;
    if (this.#start * 2 < this.#marks.length) return;
    this.#marks.splice(0, this.#start);
    this.#start = 0;
  }

  /**
   * The times of the bytes from `from` up to `to`: the mark that applies at `from`, moved there, then each later one. At most `max` marks.
   * Empty: nothing was written before `to`.
   */
  within(from: number, to: number, max: number): TimeMark[] {
    const found: TimeMark[] = [];
    for (let at = this.#indexAt(from); at < this.#marks.length && found.length < max; at += 1) {
      const mark = this.#marks[at];
      if (mark === undefined || mark.offset >= to) break;
      found.push({ offset: Math.max(from, mark.offset), ms: mark.ms });
    }
    return found;
  }

  /** All marks, for another process that continues the session. */
  all(): TimeMark[] {
    return this.#marks.slice(this.#start).map((mark) => ({ ...mark }));
  }

  get #last(): TimeMark | undefined {
    return this.#marks.at(-1);
  }

  /** A mark at or before the last one is left out, and a time before the last one is raised to it. */
  #push(offset: number, ms: number): void {
    const last = this.#last;
    if (last !== undefined && offset <= last.offset) return;
    this.#marks.push({ offset, ms: Math.max(ms, last?.ms ?? 0) });
    if (this.#marks.length - this.#start <= maxMarks) return;
    this.#marks = this.#marks.slice(this.#start).filter((_mark, index) => index % 2 === 0);
    this.#start = 0;
  }

  /** Index of the mark that applies at `offset`; for an offset before all marks, of the first. */
  #indexAt(offset: number): number {
    let [low, high] = [this.#start, this.#marks.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#marks[middle]?.offset ?? offset) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}
