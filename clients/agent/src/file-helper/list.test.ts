import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listFolder } from './list.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'list-'));
  for (const name of ['b', 'a', 'é', 'B', 'node10', 'node2']) writeFileSync(path.join(folder, name), name);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('lists a folder page by page up to a bound, and marks that it has more', async () => {
  const names: string[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof listFolder>> = await listFolder(folder, after, 4);
    names.push(...page.entries.map(({ name }) => name));
    expect([page.path, page.total, page.cut]).toEqual([folder, 6, false]);
    after = page.next;
  } while (after !== null);
  expect(names).toEqual(['a', 'B', 'b', 'é', 'node2', 'node10']);
  const bounded = await listFolder(folder, null, 1000, 3);
  expect([bounded.total, bounded.cut, bounded.next]).toEqual([3, true, null]);
  expect((await listFolder(folder, 'a', 10)).entries.map(({ name }) => name)).toEqual([
    'B',
    'b',
    'é',
    'node2',
    'node10',
  ]);
  // A name that was removed since.
  expect((await listFolder(folder, 'C', 10)).entries.map(({ name }) => name)).toEqual(['é', 'node2', 'node10']);
});
