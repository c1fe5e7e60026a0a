import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Children } from './children.ts';

it('a process that outlived its stack is ended and named by the next start on the folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'webxterm-children-'));
  const child = spawn('sleep', ['600']);
  const exited = once(child, 'exit');
  const former = new Children(folder);
  try {
    former.set('nats', child.pid);
    const said: string[] = [];
    await new Children(folder).endStale((text) => said.push(text));
    expect(said).toEqual(['the last stack on this folder was killed; ending what it left: nats']);
    expect(await exited).toEqual([null, 'SIGTERM']);
  } finally {
    former.set('nats', undefined);
    rmSync(folder, { recursive: true });
  }
});

it('a full disk ends a start, but not the stack that runs when it becomes full', () => {
  const folder = mkdtempSync(join(tmpdir(), 'webxterm-children-'));
  const children = new Children(folder);
  children.set('nats', process.pid);
  rmSync(folder, { recursive: true });
  expect(() => children.set('nats', undefined)).not.toThrow();
  expect(() => new Children(folder).set('nats', undefined)).toThrow('children.json');
});
