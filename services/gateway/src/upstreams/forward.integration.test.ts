import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { freePort } from '@webxterm/stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayProcess, startGateway } from '../testing/gateway-process.ts';
import { exchange, json, type RawAnswer, RawClient } from '../testing/raw-http.ts';
import { type RecordingService, useRecordingServices } from '../testing/recording-service.ts';

const [one, two] = useRecordingServices();
let gateway: GatewayProcess;

beforeAll(async () => {
  const dead = `http://127.0.0.1:${await freePort()}`;
  gateway = await startGateway({
    AUTH_URLS: `${dead},${one.url}`,
    AGENT_HUB_URLS: `${one.url},${two.url}`,
  });
});

afterAll(async () => {
  expect(gateway?.errors()).not.toContain('Warning');
  await gateway?.stop();
});

const request = (method: string, path: string, body?: string, headers: readonly string[] = []): Promise<RawAnswer> =>
  exchange(
    gateway.port,
    [
      `${method} ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${gateway.port}`,
      ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
      ...headers,
    ],
    body,
  );
const codeOf = (answer: RawAnswer): string => `${answer.status} ${String(json(answer).code)}`;

describe('several instances of a service', () => {
  it('receive requests in turn', async () => {
    for (let count = 0; count < 6; count += 1) await request('GET', '/api/machines');
    expect([one.recorded.length, two.recorded.length]).toEqual([3, 3]);
  });

  it('send a body once to another instance if one refuses the connection', async () => {
    for (let count = 0; count < 4; count += 1) {
      const answer = await request('POST', '/api/login', '{"email":"a","password":"b"}');
      expect(answer.status).toBe(200);
    }
    expect(one.recorded.map((item) => item.body)).toEqual(Array(4).fill('{"email":"a","password":"b"}'));
  });

  it('repeat a GET at another instance if one breaks the connection', async () => {
    one.answer = (incoming) => void incoming.socket.destroy();
    for (let count = 0; count < 4; count += 1) expect((await request('GET', '/api/machines')).status).toBe(200);
    expect(two.recorded.length).toBe(4);
  });

  it('receive no change on a connection that they may be closing', async () => {
    const used = new WeakSet<Socket>();
    // An instance that shuts down: it closes connections that were used before.
    one.answer = (incoming, response) => {
      if (used.has(incoming.socket)) return void incoming.socket.destroy();
      used.add(incoming.socket);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    };
    two.answer = one.answer;
    for (let count = 0; count < 4; count += 1) {
      expect((await request('GET', '/api/machines')).status).toBe(200);
      expect((await request('PATCH', '/api/machines/a', '{}')).status).toBe(200);
    }
  });

  it('receive a GET again over another connection if a kept one is dead', async () => {
    const used = new WeakSet<Socket>();
    for (const service of [one, two])
      service.answer = (incoming, response) => {
        if (used.has(incoming.socket)) return;
        used.add(incoming.socket);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      };
    for (let count = 0; count < 3; count += 1) expect((await request('GET', '/api/machines')).status).toBe(200);
  });

  it('that do not answer a GET give 503 after two tries', async () => {
    for (const service of [one, two]) service.answer = (incoming) => void incoming.socket.destroy();
    const answer = await request('GET', '/api/machines');
    expect(codeOf(answer)).toBe('503 unavailable');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(one.recorded.length + two.recorded.length).toBe(2);
  });

  it('that break a POST give 503, and it is never sent twice', async () => {
    one.answer = (incoming) => void incoming.socket.destroy();
    expect(codeOf(await request('POST', '/api/login', '{}'))).toBe('503 unavailable');
    expect(one.recorded).toHaveLength(1);
  });

  it('that refuse a request for the clock of the gateway give 503, without the difference', async () => {
    for (const service of [one, two])
      service.answer = (_incoming, response) =>
        void response
          .writeHead(503, { 'content-type': 'application/json', 'x-webxterm-gateway-ahead': '120' })
          .end('{"code":"unavailable"}');
    const answer = await request('GET', '/api/machines');
    expect(codeOf(answer)).toBe('503 unavailable');
    expect(Object.keys(answer.headers)).not.toContain('x-webxterm-gateway-ahead');
  });

  it('that are all unreachable give 503 with Retry-After', async () => {
    const answer = await request('POST', '/api/terminal/tickets', '{}');
    expect(codeOf(answer)).toBe('503 unavailable');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('an instance that is not ready', () => {
  it('is skipped after a probe has detected it, and used again when it is ready', async () => {
    const instance = await startGateway({
      AGENT_HUB_URLS: `${one.url},${two.url}`,
      AGENT_HUB_HEALTH_URLS: `${one.url},${two.url}`,
    });
    const list = () => exchange(instance.port, ['GET /api/machines HTTP/1.1', `Host: 127.0.0.1:${instance.port}`]);
    const reports = (status: string) => (_incoming: unknown, response: ServerResponse) =>
      void response.end(JSON.stringify({ status, parts: {} }));
    const calls = (service: RecordingService) => service.recorded.filter((item) => item.url === '/api/machines').length;
    /** Repeats the request until a probe after the change has run. Probes run once a second. */
    const seen = async (ready: number): Promise<void> => {
      for (;;) {
        const health = json(
          await exchange(instance.port, ['GET /api/health HTTP/1.1', `Host: 127.0.0.1:${instance.port}`]),
        );
        if (JSON.stringify(health.parts).includes(`"name":"agent-hub","status":"${ready === 2 ? 'ok' : 'degraded'}"`))
          return;
      }
    };
    try {
      one.answer = reports('ending');
      two.answer = reports('ok');
      await seen(1);
      for (let count = 0; count < 4; count += 1) await list();
      expect([calls(one), calls(two)]).toEqual([0, 4]);
      one.answer = reports('ok');
      await seen(2);
      for (let count = 0; count < 4; count += 1) await list();
      expect(calls(one)).toBe(2);
    } finally {
      await instance.stop();
    }
  });
});

describe('answers', () => {
  it('keep status, body and headers, except the headers between gateway and service', async () => {
    one.answer = (_incoming, response) =>
      response
        .writeHead(409, { 'content-type': 'application/json', 'x-request-id': 'own', 'set-cookie': ['a=1', 'b=2'] })
        .end('{"code":"email_taken"}');
    const answer = await request('POST', '/api/signup', '{}');
    expect(codeOf(answer)).toBe('409 email_taken');
    expect(answer.headers['x-request-id']).not.toBe('own');
    expect(answer.headers['keep-alive']).toBe('timeout=65');
    expect(answer.headers['content-security-policy']).toBe("default-src 'none';frame-ancestors 'none'");
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  it('to HEAD have no body', async () => {
    for (const service of [one, two])
      service.answer = (_incoming, response) => response.writeHead(200, { 'content-length': '0' }).end();
    expect(await request('HEAD', '/api/machines')).toMatchObject({ status: 200, body: '' });
  });

  it('of event streams are forwarded at once, and end with the client', async () => {
    const ended: Promise<void>[] = [];
    for (const service of [one, two])
      service.answer = (_incoming, response) => {
        ended.push(new Promise((resolve) => response.once('close', resolve)));
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('event: status\ndata: 1\n\n');
      };
    const client = new RawClient(gateway.port);
    client.write(`GET /api/machines/events HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`);
    let seen = '';
    while (!seen.includes('data: 1')) seen += (await client.bytes(1)).toString('latin1');
    expect(seen).toContain('text/event-stream');
    client.socket.destroy();
    await Promise.all(ended);
  });
});

describe('invalid bytes after a request that is being answered', () => {
  it('close the connection, and are not answered within that response', async () => {
    for (const service of [one, two])
      service.answer = (_incoming, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
      };
    const client = new RawClient(gateway.port);
    const seen: Buffer[] = [];
    client.socket.on('data', (chunk) => seen.push(chunk));
    client.write(`GET /api/machines/events HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`);
    while (!Buffer.concat(seen).includes('data: 1')) await once(client.socket, 'data');
    client.write('GARBAGE\r\n\r\n');
    await client.closed();
    expect(Buffer.concat(seen).toString('latin1')).not.toContain(' 400 ');
  });
});

describe('bodies', () => {
  const large = JSON.stringify({ text: 'x'.repeat(100_000) });

  it('over 64 KiB where no token is needed are 413 at the gateway', async () => {
    expect(codeOf(await request('POST', '/api/login', large))).toBe('413 payload_too_large');
    expect(one.recorded).toEqual([]);
  });

  it('that need a token are left to the service, which answers 401 first', async () => {
    one.answer = (_incoming, response) => response.writeHead(401, { 'content-length': '2' }).end('{}');
    expect((await request('POST', '/api/auth/logout', large)).status).toBe(401);
  });

  it('without a length are counted while they are forwarded', async () => {
    const client = new RawClient(gateway.port);
    client.write(
      `POST /api/login HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    for (let sent = 0; sent < 5; sent += 1) client.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
    expect(codeOf(await client.answer())).toBe('413 payload_too_large');
    client.socket.destroy();
    expect(one.recorded).toEqual([]);
  });

  it('far over the limit are not read', async () => {
    const answer = await request('POST', '/api/auth/logout', '', ['Content-Length: 999999999']).catch(() => undefined);
    expect(answer?.status ?? 400).toBe(400);
    const client = new RawClient(gateway.port);
    client.write(
      `POST /api/auth/logout HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nContent-Length: 999999999\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect(codeOf(await client.answer())).toBe('413 payload_too_large');
    await client.closed();
  });

  it('are requested with 100 Continue if they are allowed', async () => {
    const client = new RawClient(gateway.port);
    client.write(
      `POST /api/login HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect((await client.answer()).status).toBe(100);
    client.write('{}');
    expect((await client.answer()).status).toBe(200);
    expect(one.last.body).toBe('{}');
    client.socket.destroy();
  });
});

describe('the metrics', () => {
  it('count answers by route and status, and never by a path from outside', async () => {
    await request('GET', '/api/machines');
    await request('GET', '/api/no-such-route-as-this');
    const text = await (await fetch(`http://127.0.0.1:${gateway.healthPort}/metrics`)).text();
    expect(text).toMatch(/webxterm_gateway_requests_total\{route="listMachines",status="200",[^}]*\} \d/);
    expect(text).toMatch(/webxterm_gateway_requests_total\{route="none",status="404",[^}]*\} \d/);
    expect(text).toMatch(/webxterm_gateway_upstream_seconds_count\{service="agent-hub"/);
    expect(text).toMatch(/webxterm_gateway_sockets\{[^}]*\} 0/);
    expect(text).not.toContain('no-such-route-as-this');
  });
});
