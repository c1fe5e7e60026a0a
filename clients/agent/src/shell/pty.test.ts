import { createHash, randomBytes } from 'node:crypto';
import { withinDeadline } from '@webxterm/contracts/deadline';
import { describe, expect, it } from 'vitest';
import type { ExitResult } from './controlled-start.ts';
import { InputPump } from './input-pump.ts';
import { Pty } from './pty.ts';

const env = { PATH: '/usr/local/bin:/usr/bin:/bin', TERM: 'xterm-256color', HOME: '/' };
const size = { cols: 80, rows: 24 };

const start = (script: string, onOutput: (bytes: Uint8Array) => void = () => undefined) => {
  const chunks: Buffer[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<ExitResult>();
  let waiting: { text: string; found: () => void } | undefined;
  const pty = new Pty({ file: '/bin/sh', args: ['-c', script], env, cwd: '/' }, size, {
    onOutput: (bytes) => {
      chunks.push(Buffer.from(bytes));
      onOutput(bytes);
      if (waiting === undefined || !Buffer.concat(chunks).includes(waiting.text)) return;
      waiting.found();
      waiting = undefined;
    },
    onEnd: resolve,
  });
  const until = (text: string): Promise<void> => {
    const { promise, resolve: found } = Promise.withResolvers<void>();
    waiting = { text, found };
    return withinDeadline(10_000, promise, () => new Error(`the output has no ${text}: ${Buffer.concat(chunks)}`));
  };
  return { pty, ended, until, text: () => Buffer.concat(chunks).toString() };
};

describe('Pty', () => {
  it('reports exit code and signal exactly', async () => {
    expect(await start('exit 3').ended).toEqual({ exitCode: 3, signal: undefined });
    expect(await start('kill -KILL $$').ended).toEqual({ exitCode: undefined, signal: 'SIGKILL' });
  });

  it('loses no output that was written just before the exit', async () => {
    const shell = start('seq 1 2000');
    await shell.ended;
    expect(shell.text().trim().split('\r\n')).toHaveLength(2000);
  });

  it('loses nothing when it is paused while the child exits', async () => {
    const shell = start('printf "%03000d" 7');
    shell.pty.pause();
    expect(await shell.ended).toEqual({ exitCode: 0, signal: undefined });
    expect(shell.text()).toHaveLength(3000);
  });

  it('ends one second after the exit when a background child keeps the tty', async () => {
    const shell = start("trap '' HUP; sleep 30 & exit 0");
    const began = performance.now();
    await shell.ended;
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('ends on a hang-up also while it is stopped', async () => {
    const shell = start('echo ready; kill -STOP $$; sleep 60');
    await shell.until('ready');
    shell.pty.hangUp();
    expect(await shell.ended).toEqual({ exitCode: undefined, signal: 'SIGHUP' });
  });

  it('follows the window size', async () => {
    const shell = start('read line; stty size');
    shell.pty.resize({ cols: 132, rows: 50 });
    shell.pty.write(Buffer.from('\n'));
    await shell.ended;
    expect(shell.text()).toContain('50 132');
  });

  it('reports how much it has written instead of waiting for a program that does not read', async () => {
    const shell = start('stty raw -echo; echo ready; sleep 30');
    await shell.until('ready');
    const paste = Buffer.alloc(1024 * 1024, 97);
    const began = performance.now();
    let taken = 0;
    for (let count = 1; count > 0; taken += count) count = shell.pty.write(paste.subarray(taken, taken + 16_384));
    expect(taken).toBeLessThan(paste.length);
    expect(performance.now() - began).toBeLessThan(200);
    shell.pty.kill('SIGKILL');
    expect(await shell.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(shell.pty.write(paste)).toBe(-1);
  });

  it('is binary-clean both ways', async () => {
    const sent = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, n) => n)), randomBytes(2 * 1024 * 1024)]);
    const hash = createHash('sha256');
    const received = Promise.withResolvers<void>();
    let count = -'ready'.length;
    const shell = start('stty raw -echo; printf ready; exec cat', (bytes) => {
      const skip = Math.max(0, Math.min(bytes.length, -count));
      hash.update(bytes.subarray(skip));
      count += bytes.length;
      if (count === sent.length) received.resolve();
    });
    await shell.until('ready');
    const pump = new InputPump(shell.pty);
    pump.push({ bytes: sent, discard: false, onApplied: () => undefined });
    await received.promise;
    expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
    shell.pty.kill('SIGKILL');
    await shell.ended;
  });

  it('stops the program when it is paused', async () => {
    let received = 0;
    const shell = start('echo go; exec yes', (bytes) => {
      received += bytes.length;
    });
    await shell.until('go');
    shell.pty.pause();
    const before = received;
    // Enough turns of the event loop for a stream that still reads to read.
    for (let turn = 0; turn < 200; turn += 1) await new Promise((next) => setImmediate(next));
    expect(received).toBe(before);
    shell.pty.kill('SIGKILL');
    await shell.ended;
  });
});
