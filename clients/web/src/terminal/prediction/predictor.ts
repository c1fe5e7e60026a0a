import { type Stroke, strokesOf } from './strokes.ts';
import { afterStroke, type CursorLine, isAsForeseen, type TypedLine, untyped } from './typed-line.ts';

/** Time that a program has to echo an applied key, ms. The value of mosh. */
export const echoWithinMs = 50;
/** Largest number of pending keys. Typing further ahead is not predicted. */
export const mostStrokes = 256;

/** Characters that mask a password. Their echo does not confirm that the next key will be echoed. */
const masks: ReadonlySet<string> = new Set(['*', '•', '●']);

interface Pending {
  readonly stroke: Stroke;
  /** The key is applied once the machine has applied this many bytes. */
  readonly upTo: number;
  /** Deadline of the echo, ms. Set when the key is applied. A key without an echo by then has none. */
  judgedAt: number | undefined;
}

/** The characters to draw over the screen. */
export interface Foreseen {
  readonly y: number;
  /** Predicted column of the cursor. */
  readonly x: number;
  /** The columns that will change, in order. */
  readonly cells: readonly { readonly column: number; readonly character: string }[];
}

/**
 * Predicts the effect of typed keys on the cursor's line, as mosh does. Nothing is predicted until the echo of one key of this line matched
 * its prediction, and nothing after a mismatch. So the keys of a password prompt without an echo are never shown. It does not change the
 * screen: the caller reports what the screen shows, and draws `foreseen` over it.
 *
 * Bytes are counted from the first typed one. Times are ms of any monotonic clock.
 */
export class Predictor {
  #pending: Pending[] = [];
  #applied = 0;
  /** The line when the screen last matched the prediction. */
  #base: TypedLine | undefined;
  /** The echo of a key of this line matched its prediction. */
  #trusted = false;
  /** The screen does not match the prediction, and keys that may explain it are not applied yet. */
  #astray = false;
  #seen: CursorLine | undefined;

  /** `text` was typed on the screen that was reported last. `upTo`: the number of bytes typed so far, including it. */
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

  /** The machine has applied the first `upTo` bytes, and the screen shows all output that preceded this ack. */
  applied(upTo: number, now: number): void {
    this.#applied = Math.max(this.#applied, upTo);
    for (const pending of this.#pending) if (pending.upTo <= this.#applied) pending.judgedAt ??= now + echoWithinMs;
    this.#judge(now);
  }

  /** The screen shows this line. Undefined: no line is being edited (a full-screen program). */
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

  /** Time of the next `timePassed` call, ms. Undefined: none is needed. */
  get nextAt(): number | undefined {
    return this.#pending[0]?.judgedAt;
  }

  timePassed(now: number): void {
    this.#judge(now);
  }

  /** The screen was reset. The effect of the keys typed so far is unknown. */
  reset(): void {
    const last = this.#pending.at(-1);
    if (last !== undefined) this.#forget(last.upTo);
    this.#base = undefined;
    this.#trusted = false;
  }

  /** The prediction to draw. Undefined if there is none, or if it is unknown whether this line echoes. */
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

  /** The current line, and the line after each pending key up to the first unpredictable one. */
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
    const showedText = this.#pending
      .splice(0, echoed)
      .some(({ stroke }) => stroke.kind === 'insert' && stroke.character !== ' ' && !masks.has(stroke.character));
    const before = this.#base;
    if (showedText && before !== undefined && !isAsForeseen(before, line)) this.#trusted = true;
    this.#base = { ...seen, start: line.start, end: line.end };
    this.#astray = false;
  }

  /** Starts again from the current screen. Applied keys have had their effect, the others are still pending. */
  #startAnew(seen: CursorLine): void {
    this.#pending = this.#pending.filter(({ judgedAt }) => judgedAt === undefined);
    this.#base = untyped(seen);
    this.#trusted = false;
    this.#astray = false;
  }

  /** Predicts nothing until `upTo` bytes are applied. */
  #forget(upTo: number): void {
    this.#pending = [{ stroke: { kind: 'unknown', bytes: 0 }, upTo, judgedAt: undefined }];
  }
}
