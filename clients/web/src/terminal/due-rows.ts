/** Rows of a screen that have to be drawn, in an order in which none waits longer than one round. */
export class DueRows {
  readonly #due = new Set<number>();
  /** The row at which the next round starts. */
  #next = 0;

  add(first: number, last: number): void {
    for (let row = first; row <= last; row += 1) this.#due.add(row);
  }

  /**
   * Draws due rows in steps of at most `step` consecutive rows, until none is due or `enough` returns true after a step.
   * @param rows the rows of the screen; due rows beyond them are dropped
   * @returns the first and the last row that are still due, or undefined
   */
  draw(
    { rows, step }: { rows: number; step: number },
    draw: (first: number, last: number) => void,
    enough: () => boolean,
  ): { first: number; last: number } | undefined {
    for (const row of this.#due) if (row >= rows) this.#due.delete(row);
    while (this.#due.size > 0) {
      const first = this.#nearest(rows);
      let last = first;
      while (last - first + 1 < step && this.#due.has(last + 1)) last += 1;
      for (let row = first; row <= last; row += 1) this.#due.delete(row);
      this.#next = last + 1;
      draw(first, last);
      if (enough()) break;
    }
    return this.#due.size === 0 ? undefined : { first: Math.min(...this.#due), last: Math.max(...this.#due) };
  }

  /** The first due row at or after `#next`, or else the first one. */
  #nearest(rows: number): number {
    for (let row = this.#next; row < rows; row += 1) if (this.#due.has(row)) return row;
    return Math.min(...this.#due);
  }
}
