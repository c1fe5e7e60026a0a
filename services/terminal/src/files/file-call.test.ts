import { fileData, fileJson } from '@webxterm/contracts/file-messages';
import { type DownFrame, decodeUp, encodeDown, maxOutputFrame } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Attachment, AttachmentEvents, OpenAttachment } from '../attachment/attachment.ts';
import { FileCall } from './file-call.ts';

/** A machine that sends output as far as the limit allows. */
class Machine {
  #events: AttachmentEvents | undefined;
  #output = Buffer.alloc(0);
  #sent = 0;
  #limit = 0;
  detached = false;

  readonly attach: OpenAttachment = (_request, events) => {
    this.#events = events;
    return {
      attached: true,
      linuxUser: 'deploy',
      start: () => undefined,
      send: (bytes: Uint8Array) => {
        const frame = decodeUp(bytes);
        if (frame.type === 'limit') this.#limit = frame.limit;
        queueMicrotask(() => this.#pump());
        return true;
      },
      detach: () => {
        this.detached = true;
      },
    } as unknown as Attachment;
  };

  accept(): void {
    const none = { cols: 0, rows: 0, driver: true, created: true };
    this.#frame({ type: 'accepted', offset: 0, head: 0, liveFrom: 0, inputApplied: 0, inputLimit: 1000, ...none });
  }

  say(...messages: Uint8Array[]): void {
    this.#output = Buffer.concat([this.#output, ...messages]);
    this.#pump();
  }

  /** Bytes that were sent beyond what the service allows. */
  ignoreLimits(): void {
    this.#limit = Number.MAX_SAFE_INTEGER;
    this.#pump();
  }

  get waiting(): number {
    return this.#output.length - this.#sent;
  }

  refuse(code: string): void {
    this.#frame({ type: 'refused', code, message: 'You may no longer open terminals on this machine.' });
  }

  #pump(): void {
    while (this.#sent < Math.min(this.#output.length, this.#limit)) {
      const end = Math.min(this.#sent + maxOutputFrame, this.#output.length, this.#limit);
      const [offset, payload] = [this.#sent, this.#output.subarray(this.#sent, end)];
      this.#sent = end;
      this.#frame({ type: 'output', offset, payload });
    }
  }

  #frame(frame: DownFrame): void {
    this.#events?.frame(Buffer.from(encodeDown(frame)));
  }
}

const make = () => {
  const machine = new Machine();
  const request = { requestId: 'r', sid: 's', userId: 'u', agentId: 'a', linuxUser: undefined } as const;
  const call = new FileCall(machine.attach, { ...request, kind: 'files_read' });
  machine.accept();
  return { machine, call };
};

describe('a call about files', () => {
  it('receives a message that is longer than its window', async () => {
    const { machine, call } = make();
    const long = 'x'.repeat(900_000);
    machine.say(fileJson({ long }), fileJson({ last: true }));
    expect((await call.answer(z.object({ long: z.string() }))).long).toBe(long);
    expect(await call.answer(z.object({ last: z.boolean() }))).toEqual({ last: true });
  });

  it('lets the machine wait while nobody takes what it sent, and go on afterwards', async () => {
    const { machine, call } = make();
    const messages = Array.from({ length: 40 }, (_, index) => fileData(new Uint8Array(60_000).fill(index)));
    machine.say(...messages);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(machine.waiting).toBeGreaterThan(2_000_000);
    for (const index of messages.keys()) {
      const message = await call.next();
      expect(message.type === 'data' && message.bytes[0]).toBe(index);
    }
    expect(machine.waiting).toBe(0);
  });

  it('ends when the machine ignores the limits, sends garbage, or the right ends', async () => {
    const [flood, garbage, ended] = [make(), make(), make()];
    flood.machine.say(...Array.from({ length: 40 }, () => fileData(new Uint8Array(60_000))));
    flood.machine.ignoreLimits();
    garbage.machine.say(Buffer.alloc(100, 255));
    ended.machine.refuse('machine_not_found');
    await expect(garbage.call.next()).rejects.toMatchObject({ code: 'file_failed' });
    await expect(ended.call.next()).rejects.toMatchObject({
      code: 'machine_not_found',
      message: 'You may no longer do this with files on this machine.',
    });
    expect([flood.machine.detached, garbage.machine.detached, ended.machine.detached]).toEqual([true, true, true]);
  });
});
