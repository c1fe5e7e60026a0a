import { type Stroke, strokesOf } from './strokes.ts';
import { afterStroke, type CursorLine, isAsForeseen, type TypedLine, untyped } from './typed-line.ts';

/** A program that was given a key has this long to echo it, ms: what mosh gives it. */
export const echoWithinMs = 50;
/** Foreseen keys that are kept; typing further ahead is not shown. */
export const mostStrokes = 256;

/** Echoed for every key where a password is masked: seeing it says nothing about the next key. */
const masks: ReadonlySet<string> = new Set(['*', '•', '●']);

interface Pending {
  readonly stroke: Stroke;
  /** The machine has applied it once it has applied so many bytes. */
  readonly upTo: number;
  /** ms. Set once applied: by then its echo is on the screen, or it has none. */
  judgedAt: number | undefined;
}

/** What to draw over the screen. */
export interface Foreseen {
  readonly y: number;
  /** Where the cursor will be. */
  readonly x: number;
  /** The columns that will look different, in order. */
  readonly cells: readonly { readonly column: number; readonly character: string }[];
}

/**
 * Foresees what a typed key will do to the line that the cursor is on, as mosh does: nothing is shown until a key of this
 * line has been seen to be echoed as foreseen, and nothing after one that was not; so what a password prompt does not echo is
 * not shown. It never touches the screen: it is told what the screen shows, and says what to draw over it.
 *
 * Bytes are counted as they are typed, from the first. Times are ms on any clock that does not go back.
 */
export class Predictor {
  #pending: Pending[] = [];
  #applied = 0;
  /** The screen as it was when it last was as foreseen. */
  #base: TypedLine | undefined;
  /** A key of this line was echoed as foreseen. */
  #trusted = false;
  /** The screen is not as foreseen, and the keys that may explain it are not all applied. */
  #astray = false;
  #seen: CursorLine | undefined;

  /** `text` was typed on the screen that was seen last; with it, `upTo` bytes are typed. */
  typed(text: string, upTo: number): void {
    if (this.#seen === undefined) return;
    const strokes = strokesOf(text);
    let at = upTo - strokes.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const stroke of strokes) {
      at += stroke.bytes;
      this.#pending.push({ stroke, upTo: at, judgedAt: undefined });
    }
    if (this.#pending.length > mostStrokes) this.#forget(upTo);
  }

  /** The machine has applied the first `upTo` bytes, and the screen shows what came before it said so. */
  applied(upTo: number, now: number): void {
    this.#applied = Math.max(this.#applied, upTo);
    for (const pending of this.#pending) if (pending.upTo <= this.#applied) pending.judgedAt ??= now + echoWithinMs;
    this.#judge(now);
  }

  /** The screen shows this; undefined: what is on it is not a line that one types on (a full-screen program). */
  saw(line: CursorLine | undefined, now: number): void {
    this.#seen = line;
    if (line === undefined) {
      this.#pending = [];
      this.#base = undefined;
      this.#trusted = false;
      return;
    }
    this.#judge(now);
  }

  /** When to call `timePassed`, ms; undefined: nothing waits for time. */
  get nextAt(): number | undefined {
    return this.#pending[0]?.judgedAt;
  }

  timePassed(now: number): void {
    this.#judge(now);
  }

  /** The screen was set up anew: what was typed may do anything to it. */
  reset(): void {
    const last = this.#pending.at(-1);
    if (last !== undefined) this.#forget(last.upTo);
    this.#base = undefined;
    this.#trusted = false;
  }

  /** What to draw; undefined when nothing is foreseen, or it is not known yet whether this line echoes. */
  get foreseen(): Foreseen | undefined {
    const seen = this.#seen;
    if (!this.#trusted || this.#astray || seen === undefined || this.#pending.length === 0) return undefined;
    const lines = this.#lines();
    const last = lines.at(-1);
    if (last === undefined || lines.length === 1) return undefined;
    const cells = last.cells
      .map((character, column) => ({ column, character }))
      .filter(({ column, character }) => character !== seen.cells[column]);
    return { y: last.y, x: last.x, cells };
  }

  /** The line as it is, and after each pending key up to the first that cannot be foreseen. */
  #lines(): TypedLine[] {
    const lines: TypedLine[] = this.#base === undefined ? [] : [this.#base];
    for (const { stroke } of this.#pending) {
      const before = lines.at(-1);
      const after = before === undefined ? undefined : afterStroke(before, stroke);
      if (after === undefined) break;
      lines.push(after);
    }
    return lines;
  }

  #judge(now: number): void {
    const seen = this.#seen;
    if (seen === undefined) return;
    const due = this.#pending.filter(({ judgedAt }) => judgedAt !== undefined && judgedAt <= now).length;
    const lines = this.#lines();
    const at = lines.findIndex((line, echoed) => echoed >= due && isAsForeseen(seen, line));
    const line = lines[at];
    if (line !== undefined) this.#confirm(seen, line, at);
    else if (due > 0 || this.#pending.length === 0 || this.#base === undefined) this.#startAnew(seen);
    else {
      this.#astray = true;
      this.#trusted = false;
    }
  }

  #confirm(seen: CursorLine, line: TypedLine, echoed: number): void {
    const told = this.#pending
      .splice(0, echoed)
      .some(({ stroke }) => stroke.kind === 'insert' && stroke.character !== ' ' && !masks.has(stroke.character));
    const before = this.#base;
    if (told && before !== undefined && !isAsForeseen(before, line)) this.#trusted = true;
    this.#base = { ...seen, start: line.start, end: line.end };
    this.#astray = false;
  }

  /** From the screen as it is: what is applied has had its effect, the rest is still to come. */
  #startAnew(seen: CursorLine): void {
    this.#pending = this.#pending.filter(({ judgedAt }) => judgedAt === undefined);
    this.#base = untyped(seen);
    this.#trusted = false;
    this.#astray = false;
  }

  /** Up to there nothing is foreseen. */
  #forget(upTo: number): void {
    this.#pending = [{ stroke: { kind: 'unknown', bytes: 0 }, upTo, judgedAt: undefined }];
  }
}
