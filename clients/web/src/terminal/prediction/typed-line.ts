import type { Stroke } from './strokes.ts';

/** The screen line with the cursor. */
export interface CursorLine {
  /** Line number in the buffer, from its top. */
  readonly y: number;
  /** Column of the cursor, from 0. */
  readonly x: number;
  /** One entry per column. A blank is ' ', the second half of a wide character is ''. */
  readonly cells: readonly string[];
}

/** A cursor line with a range of columns that the user typed. Keys are predictable only within this range. */
export interface TypedLine extends CursorLine {
  /** The columns from `start` up to, not including, `end` were typed. */
  readonly start: number;
  readonly end: number;
}

/** The line without a typed range. */
export const untyped = (line: CursorLine): TypedLine => ({ ...line, start: line.x, end: line.x });

/** The line after a key. Undefined if the effect is unpredictable. */
export const afterStroke = (line: TypedLine, stroke: Stroke): TypedLine | undefined => {
  const { x, start, end, cells } = line;
  const typed = (middle: readonly string[], newEnd: number): readonly string[] => {
    const kept = Math.max(end, newEnd);
    return [...cells.slice(0, start), ...middle, ...Array(kept - newEnd).fill(' '), ...cells.slice(kept)];
  };
  switch (stroke.kind) {
    case 'insert':
      // At the last column the next character wraps, and programs differ in how.
      if (Math.max(x, end) >= cells.length - 1) return undefined;
      return {
        ...line,
        x: x + 1,
        end: end + 1,
        cells: typed([...cells.slice(start, x), stroke.character, ...cells.slice(x, end)], end + 1),
      };
    case 'backspace':
      if (x <= start) return undefined;
      return {
        ...line,
        x: x - 1,
        end: end - 1,
        cells: typed([...cells.slice(start, x - 1), ...cells.slice(x, end)], end - 1),
      };
    case 'left':
      return x <= start ? undefined : { ...line, x: x - 1 };
    case 'right':
      return x >= end ? undefined : { ...line, x: x + 1 };
    case 'unknown':
      return undefined;
  }
};

/**
 * Whether the screen matches the predicted `line`: the cursor position and the typed columns before it. The columns after the cursor may
 * differ, because shells show suggestions and clocks there.
 */
export const isAsForeseen = (seen: CursorLine, line: TypedLine): boolean => {
  if (seen.y !== line.y || seen.x !== line.x) return false;
  for (let at = line.start; at < line.x; at += 1) if (seen.cells[at] !== line.cells[at]) return false;
  return true;
};
