import { expect, it } from 'vitest';
import { believedForMs, CountsElsewhere } from './counts-elsewhere.ts';

it('adds up the last counts of a user from the other instances, and drops an instance that sends no more', () => {
  let now = 1000;
  const counts = new CountsElsewhere(() => now);
  counts.receive({
    instance: 'a',
    open: [
      ['ada', 3],
      ['bob', 1],
    ],
  });
  counts.receive({ instance: 'b', open: [['ada', 2]] });
  counts.receive({ instance: 'a', open: [['ada', 4]] });
  expect([counts.of('ada'), counts.of('bob'), counts.of('nobody')]).toEqual([6, 1, 0]);
  counts.receive({ instance: 'b', open: [['ada', 0]] });
  expect(counts.of('ada')).toBe(4);
  now += believedForMs;
  expect([counts.of('ada'), counts.of('bob')]).toEqual([0, 0]);
  counts.receive({ instance: 'b', open: [['ada', 1]] });
  expect(counts.of('ada')).toBe(1);
});
