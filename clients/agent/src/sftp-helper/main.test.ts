import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { packet, string, u32, u64 } from './packet.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'sftp-helper-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hello = packet(1, u32(3));
const open = (file: string, flags = 1): Buffer => packet(3, u32(1), string(file), u32(flags), u32(0));
const read = (handle: number): Buffer => packet(5, u32(2), string(u32(handle)), u64(0n), u32(100));

/** Runs the helper with these requests, then the end of its input. @returns its answers, and the lines of its reports */
const run = async (rights: string, ...requests: Buffer[]) => {
  const child = spawn(process.execPath, ['--no-warnings', program, rights]);
  let [answers, reports] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => {
    answers += bytes.toString('latin1');
  });
  child.stderr.on('data', (bytes: Buffer) => {
    reports += bytes.toString();
  });
  child.stdin.end(Buffer.concat([hello, ...requests]));
  await once(child, 'close');
  return { answers, reports: reports.split('\n').filter((line) => line !== '') };
};

it('reports a file that is still open at the end', async () => {
  const file = path.join(folder, 'secret');
  writeFileSync(file, 'secret');
  const { answers, reports } = await run('files_read', open(file), read(1));
  expect(answers).toContain('secret');
  expect(reports.map((line) => JSON.parse(line))).toMatchObject([{ action: 'file_read', subject: file, bytes: 6 }]);
});

it('reports a refused request with a path of any length in a line that the agent reads', async () => {
  const remove = packet(13, u32(3), string('/'.padEnd(200_000, '\x01')));
  const { reports } = await run('files_read', remove, remove);
  expect(reports.length).toBe(2);
  for (const line of reports) expect(line.length).toBeLessThan(64 * 1024);
});

it('does not wait for the other end of a FIFO', async () => {
  const [reads, writes] = ['reads', 'writes'].map((name) => path.join(folder, name));
  execFileSync('mkfifo', [reads ?? '', writes ?? '']);
  const { answers } = await run('files_read,files_write', open(reads ?? ''), read(1), open(writes ?? '', 2));
  expect(answers).toContain('ENXIO');
});
