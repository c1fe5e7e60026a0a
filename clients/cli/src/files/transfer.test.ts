import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadFile } from './transfer.ts';

const folder = mkdtempSync(join(tmpdir(), 'webxterm-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('writes to no file that is there under the name of an unfinished download, and to no link', async () => {
  const [mine, target] = [join(folder, 'precious'), join(folder, 'file')];
  writeFileSync(mine, 'mine');
  symlinkSync(mine, `${target}.part`);
  const fetcher: typeof fetch = async () => new Response('loaded', { headers: { 'content-length': '6', etag: '"1"' } });
  const server = { profile: undefined, url: new URL('http://127.0.0.1/'), token: '', fetcher };
  const remote = { server, agentId: 'ag_1', path: '/file', linuxUser: undefined };
  expect(await loadFile(remote, target, 'file')).toBe(6);
  expect(readFileSync(target, 'utf8')).toBe('loaded');
  expect(readFileSync(mine, 'utf8')).toBe('mine');
  expect(readdirSync(folder).toSorted()).toEqual(['file', 'file.part', 'precious']);
});
