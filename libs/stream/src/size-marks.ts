/** From `offset` on, the output was made for a window of this size. */
export type SizeMark = { offset: number; cols: number; rows: number };

/** More resizes than this within one ring are not worth their memory: the oldest are forgotten. */
const maxMarks = 256;

/** The window sizes that the bytes in a ring were made for, oldest first. There is always one: the first size. */
export class SizeMarks {
  #marks: SizeMark[];

  constructor(first: { cols: number; rows: number }) {
    this.#marks = [{ offset: 0, cols: first.cols, rows: first.rows }];
  }

  /** The size that counts now. */
  get current(): SizeMark {
    const last = this.#marks.at(-1);
    if (last === undefined) throw new Error('size marks are never empty');
    return last;
  }

  /** Notes a new size at the ring's head. Nothing is noted when it is the same; a mark at the same offset is replaced. */
  add(mark: SizeMark): boolean {
    const { current } = this;
    if (mark.cols === current.cols && mark.rows === current.rows) return false;
    if (current.offset === mark.offset) this.#marks.pop();
    const before = this.#marks.at(-1);
    if (before === undefined || before.cols !== mark.cols || before.rows !== mark.rows) this.#marks.push({ ...mark });
    if (this.#marks.length > maxMarks) this.#marks.shift();
    return true;
  }

  /** Forgets marks that no byte from `tail` on needs. */
  trim(tail: number): void {
    const next = this.#marks.findIndex((mark) => mark.offset > tail);
    const keepFrom = (next === -1 ? this.#marks.length : next) - 1;
    if (keepFrom > 0) this.#marks.splice(0, keepFrom);
  }

  /** The size in force at `offset`; for what is older than all marks, the oldest known. */
  at(offset: number): SizeMark {
    return this.#marks.findLast((mark) => mark.offset <= offset) ?? this.#marks[0] ?? this.current;
  }

  /** Where the size changes next behind `offset`; undefined: nowhere yet. */
  nextAfter(offset: number): number | undefined {
    if (this.current.offset <= offset) return undefined;
    return this.#marks.find((mark) => mark.offset > offset)?.offset;
  }

  /** The size in force at `from`, then every change after it. */
  since(from: number): readonly SizeMark[] {
    const next = this.#marks.findIndex((mark) => mark.offset > from);
    return this.#marks.slice(Math.max(0, (next === -1 ? this.#marks.length : next) - 1));
  }
}
