import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { listMark, readCursor, writeCursor } from './page-cursor.ts';

const written = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const mark = listMark('listMachines', {});
const id = new Types.ObjectId();

describe('a cursor', () => {
  it.each(['', 'web', 'é\u0001\u{1f98a}', 'x'.repeat(2048)])('of %j is decoded unchanged', (key) => {
    expect(readCursor(writeCursor({ key, id }, mark), mark)).toEqual({ key, id });
  });

  it.each([
    '',
    'junk',
    '####',
    written('web'),
    written(['web']),
    written(['web', id]),
    written([{ $ne: '' }, id, mark]),
    written(['web', { $ne: null }, mark]),
    written(['web', 'x'.repeat(24), mark]),
    written(['x'.repeat(2049), id, mark]),
    written(['web', id, { $ne: null }]),
    written(['web', id, mark, 1]),
  ])('that is %j is refused, and adds no operator to a filter', (cursor) => {
    expect(() => readCursor(cursor, mark)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  it.each([
    ['listUsers', {}],
    ['listMachines', { search: 'web' }],
    ['listMachines', { tag: 'web' }],
  ])('is refused by another list, and by the list with other filters: %s %j', (list, filters) => {
    const other = listMark(list, filters);
    expect(() => readCursor(writeCursor({ key: 'web', id }, mark), other)).toThrow(
      expect.objectContaining({ code: 'invalid_input', details: [expect.objectContaining({ path: 'cursor' })] }),
    );
  });

  it('belongs to its filters in any order, without the empty ones', () => {
    const one = listMark('listMachines', { search: 'web', tag: 'a', status: undefined });
    expect(listMark('listMachines', { tag: 'a', search: 'web', status: '' })).toBe(one);
  });
});
