import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { FileMessageReader } from '@webxterm/contracts/file-messages';
import { AppError } from '@webxterm/shared';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { lengthOf, receiveFile, type UploadRequest } from './upload.ts';

const withLength = (length: string | undefined): UploadRequest['request'] =>
  ({ headers: { 'content-length': length } }) as UploadRequest['request'];
const mib = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** An upload to a machine that takes everything until it fails. */
const make = (size: number, answerOf: (sent: { json: unknown[] }) => unknown = ({ json }) => json.at(-1)) => {
  const body = Object.assign(new PassThrough(), { headers: {}, complete: false });
  const reader = new FileMessageReader();
  const sent: { json: unknown[]; bytes: Uint8Array[] } = { json: [], bytes: [] };
  let changed = Promise.withResolvers<undefined>();
  let failure: AppError | undefined;
  const wake = (): void => {
    const { resolve } = changed;
    changed = Promise.withResolvers();
    resolve(undefined);
  };
  const call = {
    linuxUser: 'deploy',
    get hasMessage() {
      return failure !== undefined;
    },
    get changed() {
      return changed.promise;
    },
    send: async (message: Uint8Array) => {
      for (const part of reader.push(message))
        if (part.type === 'json') sent.json.push(part.value);
        else sent.bytes.push(part.bytes);
    },
    answer: async () => {
      if (failure !== undefined) throw failure;
      return answerOf(sent);
    },
    close: () => {},
  } as unknown as UploadRequest['call'];
  const auditor = { act: <T>(_fact: unknown, work: () => Promise<T>): Promise<T> => work() };
  const request = body as unknown as UploadRequest['request'];
  const done = receiveFile({ agentId: 'ag', path: '/a', call, request }, size, auditor);
  const fail = (error: AppError): void => {
    failure = error;
    wake();
  };
  return { body, sent, wake, fail, done };
};

describe('an upload', () => {
  it('is refused above the limit, and without its length', () => {
    expect(lengthOf(withLength(String(2 * mib)), 2 * mib)).toBe(2 * mib);
    expect(() => lengthOf(withLength(String(2 * mib + 1)), 2 * mib)).toThrow(
      expect.objectContaining({
        code: 'file_too_large',
        message: 'The file is larger than the 2 MiB that this server allows.',
      }),
    );
    expect(() => lengthOf(withLength(undefined), mib)).toThrow(expect.objectContaining({ code: 'length_required' }));
  });

  it('sends the body in pieces of at most 64 KiB, and then its hash', async () => {
    const content = Buffer.alloc(300_000, 'content');
    const { body, sent, wake, done } = make(content.length);
    body.write(content.subarray(0, 200_000));
    await turn();
    wake();
    body.end(content.subarray(200_000));
    await done;
    expect(Buffer.concat(sent.bytes).equals(content)).toBe(true);
    expect(Math.max(...sent.bytes.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
    expect(sent.json).toEqual([
      { op: 'write', path: '/a', size: content.length, onlyNew: false, ifMatch: null },
      { sha256: sha256(content) },
    ]);
  });

  it('of which the machine says that it is something else has failed', async () => {
    const { body, done } = make(5, () => ({ sha256: sha256(Buffer.from('other')) }));
    body.end('hello');
    await expect(done).rejects.toMatchObject({ code: 'file_failed' });
  });

  it('ends when its client leaves, before or after the machine has ended it', async () => {
    const [left, ended] = [make(1000), make(1000)];
    for (const { body } of [left, ended]) {
      body.on('error', () => undefined);
      body.write('first');
    }
    await turn();
    left.body.destroy(new Error('aborted'));
    await expect(left.done).rejects.toMatchObject({ code: 'bad_request' });
    ended.fail(new AppError('disk_full'));
    await turn();
    ended.body.destroy(new Error('aborted'));
    await expect(ended.done).rejects.toMatchObject({ code: 'disk_full' });
    await turn();
  });

  it.each([
    ['sends nothing', () => undefined],
    ['goes on sending', (body: PassThrough) => void body.end(Buffer.alloc(100_000))],
  ])('ends within a second when the machine or the hub ends it while the client %s', async (_what, act) => {
    const { body, fail, done } = make(1_000_000);
    body.write('first');
    await turn();
    const began = performance.now();
    fail(new AppError('machine_not_found', 'You may no longer do this.'));
    act(body);
    await expect(done).rejects.toMatchObject({ code: 'machine_not_found' });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('that is refused is answered after a minute although its client sends a byte now and then', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { body, fail, done } = make(1_000_000);
    fail(new AppError('disk_full'));
    let answered = false;
    done.catch(() => {
      answered = true;
    });
    for (let passed = 0; passed < 60_000; passed += 400) {
      expect(answered).toBe(false);
      body.write('x');
      await vi.advanceTimersByTimeAsync(400);
    }
    await expect(done).rejects.toMatchObject({ code: 'disk_full' });
  });
});
