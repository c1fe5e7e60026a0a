import mongoose from 'mongoose';
import { afterEach, expect, it, vi } from 'vitest';
import type { FoundWords, WordsPlace } from '../indexing/index-store.ts';
import type { IndexedLine } from '../indexing/line-blocks.ts';
import { WordBits } from '../indexing/words.ts';
import type { RecordingRecord } from '../record.ts';
import { RecordingSearch } from './recording-search.ts';

afterEach(() => void vi.restoreAllMocks());

const began_at = new Date(0);
const agent_id = 'ag_c2e3cqadrjszfnw79kz63pvzs8';

/** A search in one block with these lines. */
const searchIn = (lines: readonly IndexedLine[]) => {
  const ids = { recording_id: 'rec', user_id: 'u1', agent_id };
  const block: FoundWords = { ...ids, _id: new mongoose.Types.ObjectId(), job: 'job', n: 0, began_at };
  const record = { ...ids, session_id: 's', username: 'ann', title: '', began_at, key: {}, index: { job: 'job' } };
  const search = new RecordingSearch({
    index: {
      find: async (_filters, _query, place: WordsPlace | undefined) =>
        place?.line === Number.MAX_SAFE_INTEGER ? [] : [block],
      lines: async () => lines,
    },
    store: { findAll: async () => [record as unknown as RecordingRecord] },
    reader: { key: () => Buffer.alloc(32) },
    plays: { record: async () => undefined },
    bits: [new WordBits(Buffer.alloc(32))],
  });
  const page = (query: object) =>
    search.page({ sid: 'sid', userId: 'u1' }, 'all', { q: 'needle', limit: 100, ...query } as never);
  return page;
};

it('ends a page when comparing has taken a second, and goes on with the next line', async () => {
  const page = searchIn(Array.from({ length: 10 }, (_, n) => [n, `needle ${n}`] as const));
  let now = 0;
  // Each line takes 300 ms.
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 300;
    return now;
  });
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const { hits, next_cursor }: Awaited<ReturnType<typeof page>> = await page(cursor === null ? {} : { cursor });
    pages.push(hits.map(({ place }) => place));
    cursor = next_cursor;
  } while (cursor !== null);
  expect(pages).toEqual([
    ['0.0', '0.1', '0.2', '0.3'],
    ['0.4', '0.5', '0.6', '0.7'],
    ['0.8', '0.9'],
  ]);
});
