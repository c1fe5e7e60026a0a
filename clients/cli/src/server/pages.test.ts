import { expect, it } from 'vitest';
import { pagesOf } from './pages.ts';

const list = (asked: (string | undefined)[]) => (at: { readonly cursor?: string }) => {
  asked.push(at.cursor);
  const page = Number(at.cursor ?? 0);
  return Promise.resolve({ page, next_cursor: page < 2 ? String(page + 1) : null });
};

it('the pages of a list are read until the last one, or until the reader stops', async () => {
  const all: (string | undefined)[] = [];
  const pages: number[] = [];
  for await (const { page } of pagesOf(list(all))) pages.push(page);
  expect([pages, all]).toEqual([
    [0, 1, 2],
    [undefined, '1', '2'],
  ]);
  const some: (string | undefined)[] = [];
  for await (const { page } of pagesOf(list(some))) if (page === 1) break;
  expect(some).toEqual([undefined, '1']);
});
