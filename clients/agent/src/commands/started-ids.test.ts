import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { StartedIds } from './started-ids.ts';

const folder = mkdtempSync(join(tmpdir(), 'webxterm-ids-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hour = 3_600_000;
const idOf = (index: number): string => String(index).padStart(22, '0');

it('refuses ids beyond its limit without writing the file again, and takes them when the oldest have expired', async () => {
  const file = join(folder, 'ids');
  let now = 100 * hour;
  writeFileSync(file, Array.from({ length: 20_000 }, (_none, index) => `\n${idOf(index)} ${now}`).join(''));
  const { ino } = statSync(file);
  const ids = new StartedIds(file, () => now);
  await expect(ids.add(idOf(20_000))).rejects.toThrow('20000 commands');
  expect([statSync(file).ino, await ids.has(idOf(0)), await ids.has(idOf(20_000))]).toEqual([ino, true, false]);
  now += 25 * hour;
  await ids.add(idOf(20_000));
  expect([await ids.has(idOf(0)), await ids.has(idOf(20_000))]).toEqual([false, true]);
  expect(readFileSync(file, 'utf8').trim()).toBe(`${idOf(20_000)} ${now}`);
});
