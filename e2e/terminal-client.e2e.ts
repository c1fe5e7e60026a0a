import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ownMachine, rest, stack, useStack } from './support/use-stack.ts';

const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

useStack();

/** The program that the library's page shows, as it stands there. */
const example = async (...args: string[]): Promise<{ stdout: string; stderr: string }> => {
  const page = readFileSync(here('../libs/terminal-client/README.md'), 'utf8');
  const file = here(`./node-client.${process.pid}.from-docs.ts`);
  writeFileSync(file, /<!-- node-client -->\n```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  try {
    return await run(process.execPath, [file, ...args], { timeout: 60_000 });
  } finally {
    rmSync(file);
  }
};

describe('the program in the README of the client library', () => {
  it('runs a command and reports how its shell ended', async () => {
    const { stdout, stderr } = await example(stack.url, rest.token ?? '', ownMachine.agent_id);
    expect(stdout).toMatch(/^hello from \S+/m);
    expect(stderr).toMatch(/session [\w-]{22}\n/);
    expect(stderr).toContain('{"state":"ended","cause":"shell_exit","exitCode":3}');
  });

  it('reports the reason when it is refused', async () => {
    const { stderr } = await example(stack.url, rest.token ?? '', 'ag_unknown');
    expect(stderr).toMatch(/"state":"refused","code":"\w+"/);
  });
});
