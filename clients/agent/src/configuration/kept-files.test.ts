import { expect, it } from 'vitest';
import { KeptFiles } from './kept-files.ts';

it('a failed write is reported once, kept, and repeated with the next write; the newest wins', async () => {
  const reported: (string | undefined)[] = [];
  const kept = new KeptFiles((problem) => reported.push(problem));
  const disk = new Map<string, number>();
  let full = true;
  const write = (file: string, value: number) =>
    kept.write(file, async () => {
      if (full) throw new Error('ENOSPC');
      disk.set(file, value);
    });
  await write('a', 1);
  await write('b', 1);
  await write('b', 2);
  expect([disk.size, reported]).toEqual([0, ['a cannot be written (ENOSPC)']]);
  full = false;
  await write('a', 3);
  expect(Object.fromEntries(disk)).toEqual({ a: 3, b: 2 });
  expect(reported).toEqual(['a cannot be written (ENOSPC)', undefined]);
});

it('a disk that hangs delays nobody for long', async () => {
  const kept = new KeptFiles();
  await kept.write('a', () => new Promise(() => {}));
  await kept.write('a', () => Promise.resolve());
});
