import { once } from 'node:events';
import http2, { type ClientHttp2Session } from 'node:http2';
import { expect, it } from 'vitest';
import { type Http2Wrappers, wrapHttp2 } from './http2-wrappers.ts';

it('wrappers receive each connection and server of the process once, however often they were installed', async () => {
  const seen: string[] = [];
  const named = (name: string): Http2Wrappers => ({
    connect: (connect) => (authority, options) => {
      seen.push(`${name} connect`);
      return connect(authority, options);
    },
    createServer: (create) => (options) => {
      seen.push(`${name} server`);
      return create({ ...options, settings: { maxConcurrentStreams: 7 } });
    },
  });
  const original = { connect: http2.connect, createServer: http2.createServer };
  const [one, other] = [named('one'), named('other')];
  let session: ClientHttp2Session | undefined;
  try {
    for (const wrappers of [one, other, one]) wrapHttp2(wrappers);
    const server = http2.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    session = http2.connect(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    const [settings] = await once(session, 'remoteSettings');
    expect(settings.maxConcurrentStreams).toBe(7);
    expect(seen).toEqual(['other server', 'one server', 'other connect', 'one connect']);
    session.close();
    server.close();
  } finally {
    session?.destroy();
    Object.assign(http2, original);
  }
});
