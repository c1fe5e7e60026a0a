import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { offeredWord } from './completion.ts';

const folder = mkdtempSync(join(tmpdir(), 'webxterm-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));

const agent_id = 'ag_0123456789';

it.each(['web-1', 'db_2.example.org', 'bücher-3', '日本語'])('offers the name %s', (name) => {
  expect(offeredWord({ name, agent_id })).toBe(name);
});

it.each([
  '$(>made)',
  '`touch made`',
  'x;touch made',
  '$HOME',
  '~root',
  '=ls',
  '-rf',
  '*',
  '{a,b}',
  'two words',
  "it's",
  'a:1',
])('offers the id in place of the name %s', (name) => {
  expect(offeredWord({ name, agent_id })).toBe(agent_id);
});

it('lets no name of a machine run a command in bash', () => {
  const offered = offeredWord({ name: '$(>made)', agent_id });
  // The line of the script by which bash makes its list.
  const line = 'compgen -W "$1" -- ""';
  const shown = execFileSync('bash', ['-c', line, 'bash', offered], { cwd: folder, encoding: 'utf8' });
  expect([shown, readdirSync(folder)]).toEqual([`${agent_id}\n`, []]);
});
