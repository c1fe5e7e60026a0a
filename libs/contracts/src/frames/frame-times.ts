interface Mark {
  readonly offset: number;
  readonly ms: number;
}

/** The times in the frames of a recording. A later `times` frame replaces what an earlier one says of the same output. */
export class FrameTimes {
  #marks: Mark[] = [];

  add(marks: readonly Mark[]): void {
    const [first] = marks;
    if (first === undefined) return;
    const before = this.#marks.filter(({ offset }) => offset < first.offset).slice(-1);
    this.#marks = [...before, ...marks];
  }

  /** The output from `from` up to `to` in pieces that were written at one time. Output of unknown time is of the last time before. */
  pieces(from: number, to: number): { from: number; to: number; ms: number }[] {
    const starts = this.#marks.filter(({ offset }) => offset > from && offset < to);
    const first = this.#marks.findLast(({ offset }) => offset <= from)?.ms ?? this.#marks[0]?.ms ?? 0;
    const all = [{ offset: from, ms: first }, ...starts];
    return all.map(({ offset, ms }, index) => ({ from: offset, to: all[index + 1]?.offset ?? to, ms }));
  }
}
