import { createHash } from 'node:crypto';
import { parseJson } from '@webxterm/contracts/json';
import mongoose, { Types } from 'mongoose';
import { z } from 'zod';
import { AppError } from '../errors.ts';

/** The position of the last row of a page: its sort key, and its id for equal keys. The next page begins after it. */
export interface Place {
  readonly key: string;
  readonly id: Types.ObjectId;
}

const Written = z.tuple([z.string().max(2048), z.string().regex(/^[0-9a-f]{24}$/), z.string().length(12)]);

/** The mark of a list with these filters: 12 hex digits. A cursor contains it, so that no other list takes the cursor. */
export const listMark = (list: string, filters: Readonly<Record<string, string | Date | undefined>>): string => {
  const set = Object.entries(filters).filter(([, value]) => value !== undefined && value !== '');
  const text = JSON.stringify([list, ...set.toSorted(([one], [other]) => (one < other ? -1 : 1))]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
};

/** `mark`: of the list, by `listMark`. */
export const writeCursor = ({ key, id }: Place, mark: string): string =>
  Buffer.from(JSON.stringify([key, id.toHexString(), mark])).toString('base64url');

/** @throws AppError invalid_input for a cursor that writeCursor did not make for the list of this mark */
export const readCursor = (cursor: string, mark: string): Place => {
  const written = Written.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (!written.success) throw notOfThisList(written.error);
  const [key, id, of] = written.data;
  if (of !== mark) throw notOfThisList();
  return { key, id: new Types.ObjectId(id) };
};

/** The error for a cursor that is not a position in the list. */
export const notOfThisList = (cause?: unknown): AppError =>
  new AppError(
    'invalid_input',
    'The cursor is of another list or of other filters. Request the first page without it.',
    {
      details: [{ path: 'cursor', message: 'must be a next_cursor of this list with the same filters' }],
      cause,
    },
  );

/**
 * The filter for the rows after a position in a list sorted by `field` and id. Rows without a key come first. The lower bound next to `$or`
 * is the start of the index scan, because `$or` alone gives none.
 */
export const rowsBehind = (field: string, { key, id }: Place): Record<string, unknown> => {
  const [greater, later] = [{ [field]: mongoose.trusted({ $gt: key }) }, { _id: mongoose.trusted({ $gt: id }) }];
  if (key === '') return { $or: [{ [field]: null, ...later }, greater] };
  return { [field]: mongoose.trusted({ $gte: key }), $or: [greater, later] };
};

/** The page of at most `limit` rows, where `found` has up to one row more, and the cursor of the next page: null on the last one. */
export const pageOf = <Row>(
  found: readonly Row[],
  limit: number,
  mark: string,
  placeOf: (row: Row) => Place,
): { rows: Row[]; next: string | null } => {
  const last = found.length > limit ? found[limit - 1] : undefined;
  return { rows: found.slice(0, limit), next: last === undefined ? null : writeCursor(placeOf(last), mark) };
};
