import { describe, expect, it } from 'vitest';
import { boundFrames, boundGlyphs } from './drawing-bounds.ts';

const screen = { cols: 200, rows: 4, buffer: { active: { baseY: 0, cursorY: 0, viewportY: 0 } } };

/** The parts of the WebGL addon that are used. Each row takes 30 ms to draw. */
const bed = () => {
  const clock = { ms: 0 };
  const drawn: number[] = [];
  const atlas = { _requestClearModel: false };
  const renderer = {
    _charAtlas: atlas,
    /** Glyphs move while a row is drawn. */
    moves: false,
    _updateModel: (first: number, last: number) => {
      atlas._requestClearModel ||= renderer.moves;
      for (let row = first; row <= last; row += 1) drawn.push(row);
      clock.ms += 30 * (last - first + 1);
    },
  };
  const asked: [number, number][] = [];
  const terminal = { ...screen, refresh: (first: number, last: number) => void asked.push([first, last]) };
  const bounded = boundFrames({ _renderer: renderer }, terminal, () => clock.ms);
  /** Draws a frame as the renderer does. @returns the rows that it drew */
  const frame = (first: number, last: number): number[] => {
    renderer._updateModel(first, last);
    return drawn.splice(0);
  };
  return { bounded, frame, asked, atlas, renderer };
};

describe('a frame', () => {
  it('ends at its time limit with the row of the cursor, and the next one draws the remaining rows', () => {
    const { bounded, frame, asked } = bed();
    expect(bounded).toBe(true);
    expect(frame(0, 3)).toEqual([0, 1, 0]);
    expect(asked).toEqual([[2, 3]]);
    expect(frame(2, 3)).toEqual([2, 3, 0]);
    expect(asked).toHaveLength(1);
  });

  it('draws every row again once when glyphs have moved', () => {
    const { frame, atlas } = bed();
    atlas._requestClearModel = true;
    expect([...frame(3, 3), ...frame(2, 3)]).toEqual([0, 1, 0, 2, 3, 0]);
    expect(atlas._requestClearModel).toBe(false);
    expect(frame(3, 3)).toEqual([3, 0]);
  });

  it('is followed by one of all rows when glyphs move while it is drawn', () => {
    const { frame, asked, renderer } = bed();
    renderer.moves = true;
    frame(1, 1);
    expect(asked).toEqual([[0, 3]]);
  });

  it('stays as it is in a renderer of another kind', () => {
    expect(boundFrames({ _renderer: {} }, { ...screen, refresh: () => {} })).toBe(false);
  });
});

type Listener = (page: { width: number; height: number }) => void;

describe('the glyphs that are kept', () => {
  it('are renewed when they take more than twice the screen and 4 million pixels, not when pages are merged', () => {
    const listeners: Listener[] = [];
    const renewed: number[] = [];
    let pages = 0;
    const listen = (listener: Listener): void => void listeners.push(listener);
    boundGlyphs(
      { onChangeTextureAtlas: listen, onRemoveTextureAtlasCanvas: listen, onAddTextureAtlasCanvas: listen },
      () => 1_000_000,
      () => void renewed.push(pages),
    );
    const [change, remove, add] = listeners;
    const page = { width: 1000, height: 1000 };
    const addPage = (): void => {
      pages += 1;
      add?.(page);
    };
    for (let n = 0; n < 6; n += 1) addPage();
    for (let n = 0; n < 4; n += 1) remove?.(page);
    add?.({ width: 2000, height: 2000 });
    expect(renewed).toEqual([]);
    addPage();
    expect(renewed).toEqual([7]);
    change?.(page);
    addPage();
    expect(renewed).toEqual([7]);
  });
});
