import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { fileData, fileJson } from '@webxterm/contracts/file-messages';
import type { Auditor } from '@webxterm/shared/audit';
import { until } from '@webxterm/shared/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { callOf } from '../testing/file-machine.ts';
import { type DownloadRequest, sendFile } from './download.ts';

const opened = (length: number): Uint8Array =>
  fileJson({
    ok: true,
    size: length,
    etag: 'a-1',
    modified_at: new Date(0).toISOString(),
    from: 0,
    length,
    partial: false,
  });
const hashed = (content: string): Uint8Array =>
  fileJson({ ok: true, sha256: createHash('sha256').update(content).digest('hex') });

/** The fields that express adds to a request and its response. */
const contextOf = (request: IncomingMessage, response: ServerResponse): DownloadRequest['context'] =>
  ({
    request: Object.assign(request, { get: () => undefined }),
    response: Object.assign(response, {
      status: (code: number) => Object.assign(response, { statusCode: code }),
      set: (headers: Record<string, string>) => response.setHeaders(new Map(Object.entries(headers))),
    }),
  }) as unknown as DownloadRequest['context'];

/** A download by a client that keeps its connection, as the gateway does. */
const make = async () => {
  const { machine, call } = callOf();
  const rows: unknown[] = [];
  const auditor: Pick<Auditor, 'act'> = {
    act: async (_fact, work, { resultOf } = {}) => {
      const result = await work();
      rows.push(resultOf?.(result));
      return result;
    },
  };
  const ended = Promise.withResolvers<void>();
  let answer: ServerResponse | undefined;
  const server = createServer((request, response) => {
    answer = response;
    sendFile({ agentId: 'ag', path: '/a', call, context: contextOf(request, response) }, auditor).then(
      ended.resolve,
      ended.reject,
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
  });
  socket.write('GET /file HTTP/1.1\r\nHost: a\r\n\r\n');
  return { machine, call, rows, socket, ended: ended.promise, received: () => received, response: () => answer };
};

describe('a download', () => {
  it('passes the content on, and records its hash', async () => {
    const { machine, ended, rows, received, socket } = await make();
    machine.say(opened(5), fileData(Buffer.from('hello')), hashed('hello'));
    await ended;
    while (!received().endsWith('\r\n\r\nhello')) await once(socket, 'data');
    expect(rows).toMatchObject([{ details: { bytes: 5, sha256: expect.any(String) } }]);
  });

  it.each([0, 5])(
    'of %s bytes sends nothing behind them: the gateway would take it for the next response',
    async (length) => {
      const { machine, ended, rows, received, socket } = await make();
      machine.say(opened(length), fileData(Buffer.from('hello'.slice(0, length))));
      while (length > 0 && !received().endsWith('hello')) await once(socket, 'data');
      machine.say(fileData(Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nEVIL')));
      await ended;
      await once(socket, 'close');
      expect(received()).not.toContain('EVIL');
      expect(rows).toMatchObject([
        { result: 'failed', reason: 'file_failed', details: { bytes: length, sha256: null } },
      ]);
    },
  );

  it.each([
    ['fewer bytes', 'hell', 'hell'],
    ['other bytes', 'hallo', 'hello'],
  ])('of %s than the machine says is closed early', async (_what, sent, said) => {
    const { machine, ended, rows, socket } = await make();
    machine.say(opened(5), fileData(Buffer.from(sent)), hashed(said));
    await ended;
    await once(socket, 'close');
    expect(rows).toMatchObject([{ result: 'failed', reason: 'file_failed' }]);
  });

  /** A machine that sends more than a client takes that does not read. */
  const stalled = async () => {
    const download = await make();
    const { machine, socket, received, response } = download;
    machine.say(opened(1e9), fileData(Buffer.from('hello')));
    while (!received().endsWith('hello')) await once(socket, 'data');
    socket.pause();
    machine.say(...Array.from({ length: 400 }, () => fileData(Buffer.alloc(60_000))));
    let before = -1;
    await until(() => {
      const still = response()?.writableNeedDrain === true && machine.waiting === before;
      before = machine.waiting;
      return still;
    });
    expect(machine.waiting).toBeGreaterThan(0);
    return download;
  };

  it('whose client does not read ends at once with its right', async () => {
    const { machine, ended, rows } = await stalled();
    machine.refuse('machine_not_found');
    await ended;
    expect(rows).toMatchObject([{ result: 'failed', reason: 'machine_not_found' }]);
  });

  it('whose client does not read for 60 s ends, so that its place is free', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    onTestFinished(() => void vi.useRealTimers());
    const { ended, rows } = await stalled();
    await vi.advanceTimersByTimeAsync(60_000);
    await ended;
    expect(rows).toMatchObject([{ result: 'failed', reason: 'request_timeout' }]);
  });
});
