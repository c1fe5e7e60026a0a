import { expect, it } from 'vitest';
import { compareRecords, numberedRecords } from './numbered-records.ts';

const sent = numberedRecords(3);

it('detects lost, duplicated, damaged and reordered records', () => {
  expect(sent).toBe('0000000;0000001;0000002;');
  expect(compareRecords(sent, sent)).toEqual({ lost: 0, doubled: 0 });
  expect(compareRecords(sent, '0000000;0000002;')).toEqual({ lost: 8, doubled: 0 });
  expect(compareRecords(sent, '0000000;0000001;0000001;0000002;')).toEqual({ lost: 0, doubled: 8 });
  expect(compareRecords(sent, '0000000;000001;0000002;')).toEqual({ lost: 8, doubled: 7 });
  expect(compareRecords(sent, '0000001;0000000;0000002;').lost).toBeGreaterThan(0);
  expect(compareRecords(sent, '')).toEqual({ lost: 24, doubled: 0 });
});
