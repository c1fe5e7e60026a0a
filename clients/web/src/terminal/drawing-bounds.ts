import { DueRows } from './due-rows.ts';

/** Time for drawing rows in one frame, ms. The rest follows in the next frames. */
const frameMs = 40;
/** Cells between two checks of the clock. A cell with a glyph that was not drawn before takes 0.1 to 0.2 ms, any other one 0.3 µs. */
const cellsOfStep = 150;

/** The parts of an xterm.js terminal that are used here. */
interface Screen {
  readonly cols: number;
  readonly rows: number;
  readonly buffer: {
    readonly active: { readonly baseY: number; readonly cursorY: number; readonly viewportY: number };
  };
  refresh(first: number, last: number): void;
}

type UpdateRows = (first: number, last: number) => void;
const isUpdateRows = (value: unknown): value is UpdateRows => typeof value === 'function';
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** xterm.js 6 sets this when it merged pages of its atlas, and never resets it: it would draw the whole screen in every frame. */
const pagesMerged = '_requestClearModel';

/** The row of the cursor on the visible screen, or undefined. */
const cursorRow = ({ buffer, rows }: Screen): number | undefined => {
  const { baseY, cursorY, viewportY } = buffer.active;
  const row = baseY + cursorY - viewportY;
  return row < rows ? row : undefined;
};

/**
 * Bounds the time that the WebGL renderer spends in one frame. It draws a glyph when a character is first shown in a colour and a style,
 * which takes as long as printing 2,000 characters. A screen of glyphs that are all different took 490 ms of processor time, and the page did
 * not answer meanwhile. There is no public way to draw a part of the rows, so this replaces the internal function that does it.
 * @returns whether the renderer has the function
 */
export const boundFrames = (webgl: object, terminal: Screen, now = (): number => performance.now()): boolean => {
  const renderer: unknown = Reflect.get(webgl, '_renderer');
  const update: unknown = isObject(renderer) ? Reflect.get(renderer, '_updateModel') : undefined;
  if (!isObject(renderer) || !isUpdateRows(update)) return false;
  const draw = update.bind(renderer);
  const due = new DueRows();
  const atlas = (): object => {
    const current: unknown = Reflect.get(renderer, '_charAtlas');
    return isObject(current) ? current : {};
  };
  Reflect.set(renderer, '_updateModel', (first: number, last: number) => {
    const { cols, rows } = terminal;
    const end = now() + frameMs;
    if (Reflect.get(atlas(), pagesMerged) === true) {
      due.add(0, rows - 1);
      Reflect.set(atlas(), pagesMerged, false);
    }
    due.add(Math.max(0, first), Math.min(last, rows - 1));
    const step = Math.max(1, Math.floor(cellsOfStep / cols));
    const left = due.draw({ rows, step }, draw, () => now() > end);
    // Each call forgets the cursor of the rows before it.
    const row = cursorRow(terminal);
    if (row !== undefined) draw(row, row);
    // Glyphs of rows that are drawn already have moved.
    if (Reflect.get(atlas(), pagesMerged) === true) terminal.refresh(0, rows - 1);
    else if (left !== undefined) terminal.refresh(left.first, left.last);
  });
  return true;
};

/** Area of glyphs that are kept beside those of the screen, in pixels: 16 MB. */
const spareArea = 4_000_000;

type PageEvent = (listener: (page: { readonly width: number; readonly height: number }) => void) => unknown;

/** The events of the WebGL addon about the pages on which it keeps glyphs. */
interface PageEvents {
  readonly onChangeTextureAtlas: PageEvent;
  readonly onAddTextureAtlasCanvas: PageEvent;
  readonly onRemoveTextureAtlasCanvas: PageEvent;
}

/**
 * Bounds the memory of the glyphs that the WebGL renderer keeps: it never discards one, and after 16 full pages of 4096 × 4096 it fails.
 * `renew` is called when the glyphs take more than the screen could show at once, with as much space lost between them, and some more.
 */
export const boundGlyphs = (webgl: PageEvents, screenArea: () => number, renew: () => void): void => {
  let area = 0;
  webgl.onChangeTextureAtlas(() => {
    area = 0;
  });
  webgl.onRemoveTextureAtlasCanvas(({ width, height }) => {
    area -= width * height;
  });
  webgl.onAddTextureAtlasCanvas(({ width, height }) => {
    area += width * height;
    if (area > 2 * screenArea() + spareArea) renew();
  });
};
