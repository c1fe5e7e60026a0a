import type { Stroke } from './strokes.ts';

/** The line of the screen that the cursor is on. */
export interface CursorLine {
  /** Line of the buffer, counted from its top. */
  readonly y: number;
  /** Column of the cursor, from 0. */
  readonly x: number;
  /** One per column; blank is ' ', the second half of a wide character is ''. */
  readonly cells: readonly string[];
}

/** A cursor line of which a stretch is known to be what the person typed: only within it keys can be foreseen. */
export interface TypedLine extends CursorLine {
  /** Columns `start` up to `end` were typed. */
  readonly start: number;
  readonly end: number;
}

/** Nothing of the line is known to be typed. */
export const untyped = (line: CursorLine): TypedLine => ({ ...line, start: line.x, end: line.x });

/** The line after a key; undefined where what comes of it cannot be foreseen. */
export const afterStroke = (line: TypedLine, stroke: Stroke): TypedLine | undefined => {
  const { x, start, end, cells } = line;
  const typed = (middle: readonly string[], newEnd: number): readonly string[] => {
    const kept = Math.max(end, newEnd);
    return [...cells.slice(0, start), ...middle, ...Array(kept - newEnd).fill(' '), ...cells.slice(kept)];
  };
  switch (stroke.kind) {
    case 'insert':
      // The last column: the next character wraps, and programs differ in how.
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
 * Whether the screen shows `line` as it is foreseen: the cursor is there, and what was typed stands before it. What is
 * behind the cursor may be anything: shells put suggestions and clocks there.
 */
export const isAsForeseen = (seen: CursorLine, line: TypedLine): boolean => {
  if (seen.y !== line.y || seen.x !== line.x) return false;
  for (let at = line.start; at < line.x; at += 1) if (seen.cells[at] !== line.cells[at]) return false;
  return true;
};
