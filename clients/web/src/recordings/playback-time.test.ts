import { expect, it } from 'vitest';
import { clock, momentOf } from './playback-time.ts';

it('shows a moment of a recording, and reads it from a link', () => {
  expect([0, 999, 62_000, 3_723_000].map(clock)).toEqual(['0:00', '0:00', '1:02', '1:02:03']);
  expect(['#t=90', 't=1:30', '#t=1:00:01', '#t=', '#t=1:2:3:4', '#x', '#t=::'].map(momentOf)).toEqual([
    90_000,
    90_000,
    3_601_000,
    undefined,
    undefined,
    undefined,
    0,
  ]);
});
