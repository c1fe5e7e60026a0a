import { FrameError } from '@webxterm/contracts/frames';

interface Mark {
  readonly offset: number;
  readonly ms: number;
}

/** Limit of marks that wait for their output. A machine sends those of at most 64 KiB ahead. */
const maxMarks = 16_384;

/** The times of output that has not arrived yet. */
export class PendingTimes {
  #marks: Mark[] = [];

  /** @throws FrameError if too many wait */
  add(marks: readonly Mark[]): void {
    // After a new attach the machine sends times again.
    const [first] = marks;
    if (first !== undefined) this.#marks = this.#marks.filter(({ offset }) => offset < first.offset);
    this.#marks.push(...marks);
    if (this.#marks.length > maxMarks) throw new FrameError('too many times without output');
  }

  /** The times of the output from `from` up to `to`, none before `atLeast`. Empty: unknown. */
  take(from: number, to: number, atLeast: number): Mark[] {
    const current = this.#marks.findLastIndex(({ offset }) => offset <= from);
    if (current > 0) this.#marks.splice(0, current);
    const found: Mark[] = [];
    let latest = atLeast;
    for (const { offset, ms } of this.#marks) {
      if (offset >= to) break;
      latest = Math.max(latest, ms);
      found.push({ offset: Math.max(offset, from), ms: latest });
    }
    return found;
  }
}
