import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { readCursor, writeCursor } from './page-cursor.ts';

const written = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const id = new Types.ObjectId();

describe('a cursor', () => {
  it.each(['', 'web', 'é\u0001\u{1f98a}', 'x'.repeat(2048)])('of %j is read as it was written', (key) => {
    expect(readCursor(writeCursor({ key, id }))).toEqual({ key, id });
  });

  it.each([
    '',
    'junk',
    '####',
    written('web'),
    written(['web']),
    written([{ $ne: '' }, id]),
    written(['web', { $ne: null }]),
    written(['web', 'x'.repeat(24)]),
    written(['x'.repeat(2049), id]),
    written(['web', id, 1]),
  ])('that is %j is refused, and no operator gets into a filter', (cursor) => {
    expect(() => readCursor(cursor)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});
