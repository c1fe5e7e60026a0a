import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeDown } from '@webxterm/contracts/frames';
import { createLogger } from '@webxterm/shared';
import type { RequestContext } from '@webxterm/shared/api';
import { expect, it } from 'vitest';
import { joinFrames } from './chunk-codec.ts';
import { RecordingDownloads } from './download.ts';
import type { RecordingRecord } from './record.ts';
import { castFile } from './recording-file.ts';

const payload = Buffer.alloc(60_000, 'x');
const chunks = 2000;
const record = {
  ...{ recording_id: 'r', agent_id: 'a', user_id: 'ann', username: 'ann', session_id: 's', status: 'ended', title: '' },
  ...{ began_at: new Date(0), cols: 80, rows: 24, next_offset: chunks * payload.length, exit_code: 0, signal: null },
} as unknown as RecordingRecord;

/** A response with the two methods of Express that are called. */
const withMethods = (response: ServerResponse): RequestContext['response'] => {
  const same: unknown = Object.assign(response, { status: () => same, set: () => same });
  return same as RequestContext['response'];
};

it('is ended for a client that reads nothing, so that its place is free for others', async () => {
  let read = 0;
  const reader = {
    all: async function* () {
      for (let n = 0; n < chunks; n += 1) {
        read += 1;
        yield joinFrames([encodeDown({ type: 'output', offset: n * payload.length, payload })]);
      }
    },
  };
  const downloads = new RecordingDownloads({ auditor: { record: async () => {} }, stalledMs: 100 });
  const logger = createLogger({ service: 'terminal', level: 'silent' });
  const sent = Promise.withResolvers<void>();
  const server = createServer((incoming, answered) => {
    const context = { request: incoming as RequestContext['request'], response: withMethods(answered), logger };
    downloads.send(record, castFile(reader, record, '3'), { userId: 'ann' }, context).then(sent.resolve, sent.reject);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.on('error', () => {});
  answer.pause();
  await sent.promise;
  expect(read).toBeLessThan(chunks);
  server.close();
  server.closeAllConnections();
});
