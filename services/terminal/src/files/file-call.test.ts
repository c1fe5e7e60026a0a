import { setImmediate as turn } from 'node:timers/promises';
import { fileData, fileJson } from '@webxterm/contracts/file-messages';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callOf } from '../testing/file-machine.ts';

describe('a call about files', () => {
  it('receives a message that is longer than its window', async () => {
    const { machine, call } = callOf();
    const long = 'x'.repeat(900_000);
    machine.say(fileJson({ long }), fileJson({ last: true }));
    expect((await call.answer(z.object({ long: z.string() }))).long).toBe(long);
    expect(await call.answer(z.object({ last: z.boolean() }))).toEqual({ last: true });
  });

  it('lets the machine wait while nobody takes what it sent, and go on afterwards', async () => {
    const { machine, call } = callOf();
    const messages = Array.from({ length: 40 }, (_, index) => fileData(new Uint8Array(60_000).fill(index)));
    machine.say(...messages);
    // The machine and the call go on in microtasks.
    await turn();
    expect(machine.waiting).toBeGreaterThan(2_000_000);
    for (const index of messages.keys()) {
      const message = await call.next();
      expect(message.type === 'data' && message.bytes[0]).toBe(index);
    }
    expect(machine.waiting).toBe(0);
  });

  it('ends when the machine ignores the limits, sends garbage or thousands of empty messages, or the right ends', async () => {
    const [flood, small, garbage, ended] = [callOf(), callOf(), callOf(), callOf()];
    flood.machine.say(...Array.from({ length: 40 }, () => fileData(new Uint8Array(60_000))));
    flood.machine.ignoreLimits();
    small.machine.say(...Array.from({ length: 5000 }, () => fileData(new Uint8Array())));
    garbage.machine.say(Buffer.alloc(100, 255));
    ended.machine.refuse('machine_not_found');
    await expect(garbage.call.next()).rejects.toMatchObject({ code: 'file_failed' });
    await expect(ended.call.next()).rejects.toMatchObject({
      code: 'machine_not_found',
      message: 'You may no longer do this with files on this machine.',
    });
    await expect(small.call.next()).rejects.toMatchObject({ code: 'file_failed' });
    expect([flood.machine.detached, garbage.machine.detached, ended.machine.detached]).toEqual([true, true, true]);
  });
});
