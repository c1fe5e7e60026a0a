import { describe, expect, it } from 'vitest';
import { DueRows } from './due-rows.ts';

const screen = { rows: 6, step: 2 };
const never = (): boolean => false;
const always = (): boolean => true;

describe('rows that have to be drawn', () => {
  it('are drawn in steps, each once', () => {
    const due = new DueRows();
    due.add(0, 2);
    due.add(2, 2);
    due.add(5, 5);
    const drawn: number[][] = [];
    expect(due.draw(screen, (...rows) => drawn.push(rows), never)).toBeUndefined();
    expect(drawn).toEqual([
      [0, 1],
      [2, 2],
      [5, 5],
    ]);
  });

  it('are all drawn in turn, although the upper ones are due again in each frame', () => {
    const due = new DueRows();
    const drawn: number[] = [];
    for (let frame = 0; frame < 3; frame += 1) {
      due.add(0, 5);
      due.draw(screen, (first) => drawn.push(first), always);
    }
    expect(drawn).toEqual([0, 2, 4]);
  });

  it('are reported while some are left', () => {
    const due = new DueRows();
    due.add(1, 5);
    expect(due.draw(screen, () => {}, always)).toEqual({ first: 3, last: 5 });
    expect(due.draw(screen, () => {}, never)).toBeUndefined();
  });

  it('are dropped when the screen became smaller', () => {
    const due = new DueRows();
    due.add(0, 5);
    const drawn: number[][] = [];
    expect(due.draw({ rows: 2, step: 9 }, (...rows) => drawn.push(rows), never)).toBeUndefined();
    expect(drawn).toEqual([[0, 1]]);
  });
});
