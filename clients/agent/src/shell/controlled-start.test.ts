import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ControlledStart, exitOf } from './controlled-start.ts';

describe('exitOf', () => {
  it.each([
    [3, null, '', { exitCode: 3, signal: undefined }],
    [137, null, '', { exitCode: 137, signal: undefined }],
    [137, null, 'Killed\n', { exitCode: undefined, signal: 'SIGKILL' }],
    [139, null, 'Segmentation fault (core dumped)\n', { exitCode: undefined, signal: 'SIGSEGV' }],
    [255, null, 'su: something\n', { exitCode: 255, signal: undefined }],
    [null, 'SIGTERM', '', { exitCode: undefined, signal: 'SIGTERM' }],
  ] as const)('of su with %s, %s, %j', (code, signal, said, expected) => {
    expect(exitOf(code, signal, said)).toEqual(expected);
  });
});

describe('ControlledStart', () => {
  it('distinguishes the output before the start of the program from the output after it', async () => {
    const channel = new PassThrough();
    const received: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const start = new ControlledStart(channel, { onNotice: (text) => received.push(text), onArrived: resolve });
    channel.write('su: warning\n');
    channel.write('more\n\0Kil');
    channel.write('led\n');
    await promise;
    await new Promise((next) => channel.end(() => setImmediate(next)));
    expect([received.join(''), start.said]).toEqual(['su: warning\nmore\n', 'Killed\n']);
  });
});
