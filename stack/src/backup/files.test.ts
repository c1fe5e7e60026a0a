import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileRecords, restoreFile } from './files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webxterm-backup-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('has the files of the data folder but for those of the servers, and leaves out one that is gone when it is read', () => {
  mkdirSync(join(folder, 'mongo'));
  mkdirSync(join(folder, 'secrets'));
  for (const name of ['a', 'b.tmp', 'mongo/x', 'secrets/key', 'lock'])
    writeFileSync(join(folder, name), name, { mode: 0o600 });
  const records = fileRecords(folder);
  const first = records.next().value;
  rmSync(join(folder, 'b.tmp'));
  expect([first, ...records]).toMatchObject([
    { head: { kind: 'file', path: 'a', mode: 0o600, size: 1 }, bytes: Buffer.from('a') },
    { head: { path: 'secrets/key' }, bytes: Buffer.from('secrets/key') },
  ]);
});

it('restores no file out of the data folder, and over no other one', () => {
  const bytes = Buffer.from('x');
  const head = (path: string) => ({ kind: 'file' as const, path, mode: 0o777, size: 1 });
  for (const path of ['../a', 'b/../../a', '.'])
    expect(() => restoreFile(folder, head(path), bytes)).toThrow('leads out of the data folder');
  restoreFile(folder, head('b/c'), bytes);
  expect(() => restoreFile(folder, head('b/c'), bytes)).toThrow('EEXIST');
});
