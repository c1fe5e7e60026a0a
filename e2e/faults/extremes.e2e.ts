import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { inTime } from '@webxterm/shared/testing';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { NodeTerminal } from '../support/node-terminal.ts';
import { RawTerminal } from '../support/raw-terminal.ts';
import { ownMachine, rest, stack, useStack } from '../support/use-stack.ts';
import { type Account, begin, end, numberedBytes, over } from './numbered-stream.ts';
import { NumberedTerminal } from './numbered-terminal.ts';

const mega = 1024 * 1024;
const program = fileURLToPath(new URL('./numbered-program.ts', import.meta.url));

useStack();

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const line = (mode: 'mirror' | 'sink', bytes: number): string =>
  `stty raw -echo; exec '${process.execPath}' '${program}' ${mode} ${bytes}\n`;

/** The last line of the program's output. */
const accountIn = (output: Buffer): Account => {
  const from = output.lastIndexOf(end);
  return JSON.parse(output.subarray(from + 1, output.lastIndexOf(over)).toString('latin1'));
};

const raw = async (mode: 'mirror' | 'sink', bytes: number): Promise<RawTerminal> => {
  const terminal = await RawTerminal.open(stack.url, ownMachine.agent_id, { token: rest.token ?? '' });
  await terminal.type(line(mode, bytes));
  await terminal.until('it starts', ({ output }) => output.includes(begin));
  return terminal;
};

const v1 = async (mode: 'mirror' | 'sink', bytes: number): Promise<NodeTerminal> => {
  const terminal = new NodeTerminal(rest, ownMachine.agent_id);
  await terminal.untilLive();
  terminal.type(line(mode, bytes));
  await terminal.untilText(String.fromCharCode(begin));
  return terminal;
};

/** Every value of a byte, behind every other: whatever is no UTF-8 is among it. */
const everything = Buffer.concat(
  Array.from({ length: 256 }, (_, first) =>
    Buffer.from(Array.from({ length: 256 }, (_, next) => [first, next]).flat()),
  ),
);

describe('input and output at their extremes', () => {
  it('a paste of 50 MB arrives whole', async () => {
    const paste = numberedBytes(0, 50 * mega);
    const terminal = await v1('sink', paste.length);
    terminal.type(paste);
    await terminal.until('the account', () => terminal.state.state === 'ended', 100_000);
    expect(accountIn(Buffer.from(terminal.text(), 'latin1'))).toMatchObject({
      bytes: paste.length,
      sha256: sha256(paste),
    });
  });

  it('1 MB in one frame of a raw client arrives whole', async () => {
    const paste = numberedBytes(0, mega);
    const terminal = await raw('sink', paste.length);
    await terminal.type(paste);
    expect((await terminal.closed).code).toBe(1000);
    expect(accountIn(terminal.output)).toMatchObject({ bytes: paste.length, sha256: sha256(paste) });
  });

  it('frames of one byte arrive in order, and come back', async () => {
    const keys = numberedBytes(0, 5000);
    const terminal = await raw('mirror', keys.length);
    for (const key of keys) await terminal.type(Buffer.of(key));
    expect((await terminal.closed).code).toBe(1000);
    const from = terminal.output.indexOf(begin) + 1;
    expect(terminal.output.subarray(from, from + keys.length).equals(keys)).toBe(true);
  });

  it.each(['raw', 'v1'] as const)(
    'every pair of bytes is transmitted unchanged in both directions, UTF-8 or not: %s',
    async (protocol) => {
      const terminal =
        protocol === 'raw' ? await raw('mirror', everything.length) : await v1('mirror', everything.length);
      await terminal.type(everything);
      if (terminal instanceof RawTerminal) await terminal.closed;
      else await terminal.until('the end', () => terminal.state.state === 'ended');
      const output = terminal instanceof RawTerminal ? terminal.output : Buffer.from(terminal.text(), 'latin1');
      const from = output.indexOf(begin) + 1;
      expect(output.subarray(from, from + everything.length).equals(everything)).toBe(true);
      expect(accountIn(output)).toMatchObject({ bytes: everything.length, sha256: sha256(everything) });
    },
  );

  it.each([
    { protocol: 'raw', protocols: [] },
    { protocol: 'JSON', protocols: ['webxterm.json'] },
  ])(
    'a $protocol viewer that falls behind the ring is closed with 4409, and may attach again',
    async ({ protocols }) => {
      const driver = new NumberedTerminal(rest, ownMachine.agent_id, { load: 'flood', rate: 1000 * mega });
      await driver.start();
      const query = new URLSearchParams({
        token: rest.token ?? '',
        session_id: driver.terminal.sessionId ?? '',
        mode: 'view',
      });
      const url = `${stack.url.replace(/^http/, 'ws')}/api/terminal/${ownMachine.agent_id}/ws?${query}`;
      const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      await inTime(
        'the first message',
        new Promise((resolve, reject) => socket.once('message', resolve).once('error', reject)),
      );
      socket.pause();
      // More than the ring and all windows hold.
      await driver.past(14 * mega);
      socket.resume();
      expect(await closed).toBe(4409);
      const back = await RawTerminal.open(stack.url, ownMachine.agent_id, Object.fromEntries(query));
      await back.until('output', ({ received }) => received > 0);
      back.close();
      await driver.finish();
    },
  );

  it('resizes at 60 Hz in a flood lose no byte, and the last one is applied', async () => {
    const terminal = new NumberedTerminal(rest, ownMachine.agent_id, { load: 'flood', rate: 8 * mega });
    await terminal.start();
    let frame = 0;
    const dragging = setInterval(() => {
      frame += 1;
      terminal.terminal.resize(80 + (frame % 40), 24 + (frame % 20));
    }, 1000 / 60);
    await terminal.past(16 * mega);
    clearInterval(dragging);
    terminal.terminal.resize(101, 33);
    await terminal.past(mega);
    expect(frame).toBeGreaterThan(50);
    expect(await terminal.finish()).toMatchObject({ cols: 101, rows: 33 });
  });
});
