/** Output from `offset` on was produced for a window of this size. */
export type SizeMark = { offset: number; cols: number; rows: number };

/** Limit of marks. If one ring has more resizes, the oldest are discarded to bound the memory. */
const maxMarks = 256;

/** The window sizes for which the bytes in a ring were produced, oldest first. There is always at least one. */
export class SizeMarks {
  #marks: SizeMark[];

  constructor(first: { cols: number; rows: number }) {
    this.#marks = [{ offset: 0, cols: first.cols, rows: first.rows }];
  }

  /** Continues with these marks, of which there is at least one. */
  restore(marks: readonly SizeMark[]): void {
    if (marks.length > 0) this.#marks = marks.slice(-maxMarks).map((mark) => ({ ...mark }));
  }

  /** The current size. */
  get current(): SizeMark {
    const last = this.#marks.at(-1);
    if (last === undefined) throw new Error('size marks are never empty');
    return last;
  }

  /** Adds a new size at the ring's head. A mark at the same offset is replaced. @returns false if the size is unchanged */
  add(mark: SizeMark): boolean {
    const { current } = this;
    if (mark.cols === current.cols && mark.rows === current.rows) return false;
    if (current.offset === mark.offset) this.#marks.pop();
    const before = this.#marks.at(-1);
    if (before === undefined || before.cols !== mark.cols || before.rows !== mark.rows) this.#marks.push({ ...mark });
    if (this.#marks.length > maxMarks) this.#marks.shift();
    return true;
  }

  /** Discards marks that apply only to bytes before `tail`. */
  trim(tail: number): void {
    const next = this.#marks.findIndex((mark) => mark.offset > tail);
    const keepFrom = (next === -1 ? this.#marks.length : next) - 1;
    if (keepFrom > 0) this.#marks.splice(0, keepFrom);
  }

  /** The size at `offset`. For an offset before all marks, the oldest known size. */
  at(offset: number): SizeMark {
    return this.#marks.findLast((mark) => mark.offset <= offset) ?? this.#marks[0] ?? this.current;
  }

  /** Offset of the next size change after `offset`, or undefined if there is none yet. */
  nextAfter(offset: number): number | undefined {
    if (this.current.offset <= offset) return undefined;
    return this.#marks.find((mark) => mark.offset > offset)?.offset;
  }

  /** The size at `from`, then every change after it. */
  since(from: number): readonly SizeMark[] {
    const next = this.#marks.findIndex((mark) => mark.offset > from);
    return this.#marks.slice(Math.max(0, (next === -1 ? this.#marks.length : next) - 1));
  }
}
