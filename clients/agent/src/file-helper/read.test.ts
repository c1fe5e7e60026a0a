import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from '@webxterm/shared/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { removeFolder } from './change.ts';
import { keepInUse, makePartFolder, partName } from './part-file.ts';
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

const temporary = (): string => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'part-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

it('an unfinished copy that somebody has replaced with a link changes nothing where the link leads', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = temporary();
  const [victim, part] = [path.join(folder, 'victim'), path.join(folder, '.a.part')];
  writeFileSync(victim, '');
  utimesSync(victim, 1, 1);
  symlinkSync(victim, part);
  const linkedAt = lstatSync(part).mtimeMs;
  const release = keepInUse(Buffer.from(part));
  vi.advanceTimersByTime(30_000);
  release();
  await until(() => lstatSync(part).mtimeMs !== linkedAt || statSync(victim).mtimeMs !== 1000);
  expect(statSync(victim).mtimeMs).toBe(1000);
});

it('an unfinished copy that somebody has replaced with another folder is not removed', async () => {
  const part = path.join(temporary(), '.a.part');
  const own = await makePartFolder(Buffer.from(part), 'a');
  mkdirSync(`${part}.other/inner`, { recursive: true });
  await expect(removeFolder(Buffer.from(`${part}.other`), { own })).rejects.toThrow('Another folder');
  expect(readdirSync(`${part}.other`)).toEqual(['inner']);
  await removeFolder(Buffer.from(part), { own });
  expect(readdirSync(path.dirname(part))).toEqual(['.a.part.other']);
});
