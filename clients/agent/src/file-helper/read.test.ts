import { expect, it } from 'vitest';
import { partName } from './part-file.ts';
import { partOf } from './read.ts';

it.each([
  [null, 10, { from: 0, length: 10 }],
  [null, 0, { from: 0, length: 0 }],
  [{ first: 2 }, 10, { from: 2, length: 8 }],
  [{ first: 2, last: 4 }, 10, { from: 2, length: 3 }],
  [{ first: 2, last: 400 }, 10, { from: 2, length: 8 }],
  [{ suffix: 3 }, 10, { from: 7, length: 3 }],
  [{ suffix: 30 }, 10, { from: 0, length: 10 }],
  [{ first: 10 }, 10, undefined],
  [{ suffix: 0 }, 10, undefined],
  [{ first: 0 }, 0, undefined],
])('a range of %j of %i bytes', (range, size, part) => expect(partOf(range, size)).toEqual(part));

it('an unfinished file has a hidden name of at most 255 bytes, the same for each writer of one file', () => {
  expect(partName(Buffer.from('report.pdf')).toString()).toMatch(/^\.report\.pdf\.[0-9a-f]{8}\.part$/);
  expect(partName(Buffer.from('a'))).toEqual(partName(Buffer.from('a')));
  const [long, other] = [Buffer.alloc(255, 'a'), Buffer.concat([Buffer.alloc(254, 'a'), Buffer.from('b')])];
  expect(partName(long).length).toBeLessThanOrEqual(255);
  expect(partName(long)).not.toEqual(partName(other));
});
