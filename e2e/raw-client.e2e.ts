import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { RawTerminal } from './support/raw-terminal.ts';
import { Rest } from './support/rest.ts';
import { ownMachine, rest, stack, useStack } from './support/use-stack.ts';

const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let token = '';
let agentId = '';

useStack();
beforeAll(() => {
  token = rest.token ?? '';
  agentId = ownMachine.agent_id;
});

const open = (query: Record<string, string | number> = {}): Promise<RawTerminal> =>
  RawTerminal.open(stack.url, agentId, { token, cols: 80, rows: 24, ...query });

describe('a raw WebSocket client', () => {
  it('of ten lines, as in the protocol page, runs a command', async () => {
    const source =
      /<!-- raw-client -->\n```js\n([\s\S]*?)```/.exec(readFileSync(here('../docs/protocol.md'), 'utf8'))?.[1] ?? '';
    expect(source.trim().split('\n').length).toBeLessThanOrEqual(10);
    const file = here('./raw-client.from-docs.mjs');
    writeFileSync(file, source);
    try {
      const { stdout, stderr } = await run(process.execPath, [file, stack.url, token, agentId]);
      expect(stdout).toMatch(/hello from \S+/);
      expect(stderr).toContain('closed: 1000 exit 0');
    } finally {
      rmSync(file);
    }
  });

  it('receives 10 MB of every byte value unchanged through a raw tty', async () => {
    const sent = Buffer.concat([
      Buffer.from(Array.from({ length: 256 }, (_, value) => value)),
      randomBytes(10_000_000 - 256),
    ]);
    const terminal = await open();
    await terminal.run('PS1=');
    await terminal.type(`stty raw -echo; printf 'rea%s' dy; head -c ${sent.length} | cat; stty sane\n`);
    await terminal.untilText('ready');
    const start = terminal.output.indexOf('ready') + 'ready'.length;
    for (let at = 0; at < sent.length; at += 65_536) await terminal.type(sent.subarray(at, at + 65_536));
    await terminal.until('all bytes', (all) => all.received >= start + sent.length, 60_000);
    expect(sha256(terminal.output.subarray(start, start + sent.length))).toBe(sha256(sent));
    terminal.close();
  }, 90_000);

  it('follows the size on connect and by REST, and reports the exit code', async () => {
    const terminal = await open({ cols: 101, rows: 33 });
    await terminal.run('stty size');
    expect(terminal.output.toString()).toContain('33 101');
    const resized = await new Rest(stack.url, token).post(`/api/terminal/sessions/${terminal.sessionId}/resize`, {
      cols: 77,
      rows: 22,
    });
    expect(resized.status).toBe(204);
    await terminal.run('stty size');
    expect(terminal.output.toString()).toContain('22 77');
    await terminal.type('exit 3\n');
    expect(await terminal.closed).toEqual({ code: 1000, reason: 'exit 3' });
  });

  it('receives the signal that killed the shell', async () => {
    const terminal = await open();
    await terminal.type('kill -9 $$\n');
    expect(await terminal.closed).toEqual({ code: 1000, reason: 'signal SIGKILL' });
  });

  it('returns to the same shell after a broken connection, with every byte once', async () => {
    const first = await open();
    await first.run('PS1=; stty -echo');
    await first.type("for i in $(seq 1 3000); do echo line $i; done; printf 'all%s' done\n");
    await first.untilText('line 500');
    first.cut();
    await first.closed;
    const second = await open({ session_id: first.sessionId, viewer_id: first.viewerId, from: first.offset });
    expect(second.sessionId).toBe(first.sessionId);
    await second.untilText('alldone');
    const lines =
      Buffer.concat([first.output, second.output])
        .toString()
        .match(/line \d+/g) ?? [];
    expect(lines.filter((line) => /line \d+/.test(line))).toEqual(
      Array.from({ length: 3000 }, (_, index) => `line ${index + 1}`),
    );
    second.close();
  });
});
