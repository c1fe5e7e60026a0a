import { once } from 'node:events';
import { connect } from 'node:net';
import { readProof } from '@webxterm/shared';
import { freePort } from '@webxterm/stack';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type GatewayProcess, gatewayKey, startGateway } from '../testing/gateway-process.ts';
import { json, type RawAnswer, RawClient } from '../testing/raw-http.ts';
import { RecordingService, useRecordingServices } from '../testing/recording-service.ts';

const [terminal, others] = useRecordingServices();
let gateway: GatewayProcess;

beforeAll(async () => {
  // The first instance refuses connections, so every upgrade in this file must use the second.
  const dead = `http://127.0.0.1:${await freePort()}`;
  gateway = await startGateway({
    AUTH_URLS: others.url,
    AGENT_HUB_URLS: others.url,
    TERMINAL_URLS: `${dead},${terminal.url}`,
  });
});

afterAll(() => gateway?.stop());

const socketPath = '/api/terminal/ag_x/ws?token=t';
const handshake = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

const open = (line: string, headers: readonly string[], host = `127.0.0.1:${gateway.port}`): RawClient => {
  const client = new RawClient(gateway.port);
  client.write(`${line} HTTP/1.1\r\nHost: ${host}\r\n${headers.join('\r\n')}\r\n\r\n`);
  return client;
};

/** The response to a rejected upgrade. The connection must be closed after it. */
const refused = async (line: string, headers: readonly string[], host?: string): Promise<RawAnswer> => {
  const client = open(line, headers, host);
  const answer = await client.answer();
  await client.closed();
  return answer;
};
const codeOf = (answer: RawAnswer): string => `${answer.status} ${String(json(answer).code)}`;
const without = (name: string): string[] => handshake.filter((line) => !line.startsWith(name));

describe('a connection whose upgrade is refused', () => {
  it('is closed, also when the client does not end its half', async () => {
    terminal.onUpgrade = (_request, socket) =>
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    const client = connect({ host: '127.0.0.1', port: gateway.port, allowHalfOpen: true }).resume();
    client.on('error', () => undefined);
    client.write(`GET ${socketPath} HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n${handshake.join('\r\n')}\r\n\r\n`);
    await once(client, 'end');
    const isReset = (): boolean => {
      if (client.writable) client.write('x');
      return client.destroyed;
    };
    await expect.poll(isReset).toBe(true);
  });

  it('is closed without an answer if another request on it is not answered yet', async () => {
    const held = new Promise<void>((resolve) => {
      others.answer = () => resolve();
    });
    const client = new RawClient(gateway.port);
    const host = `Host: 127.0.0.1:${gateway.port}`;
    client.write(`GET /api/machines HTTP/1.1\r\n${host}\r\n\r\n`);
    await held;
    client.write(`GET ${socketPath} HTTP/1.1\r\n${host}\r\n${handshake.join('\r\n')}\r\n\r\n`);
    await client.closed();
    expect(terminal.recorded).toEqual([]);
  });
});

describe('a WebSocket through the gateway', () => {
  it('echoes text and all byte values of any size, although an instance is down', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${socketPath}`, 'webxterm.v1', {
      origin: gateway.origin,
    });
    await once(socket, 'open');
    expect(socket.protocol).toBe('webxterm.v1');
    for (const size of [1, 126, 70_000, 900_000]) {
      const sent = Buffer.from(Array.from({ length: size }, (_, index) => index % 256));
      socket.send(sent);
      const [message] = await once(socket, 'message');
      expect(sent.equals(message)).toBe(true);
    }
    socket.close(1000, 'done');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1000);
    expect(terminal.last.url).toBe(socketPath);
  });

  it('sends the facts of the gateway to the terminal service, and none that the client made up', async () => {
    const client = open(`GET ${socketPath}`, [
      ...handshake,
      'X-Forwarded-For: 10.9.9.9',
      'X-Webxterm-Gateway: forged',
      'X-Request-Id: chosen',
      'X-Real-IP: 10.9.9.9',
      'Forwarded: for=10.9.9.9',
      'Cookie: wxt_x=1',
      'Connection: X-Hop',
      'X-Hop: dropped',
    ]);
    const answer = await client.answer();
    expect(answer.status).toBe(101);
    const { headers, kind } = terminal.last;
    expect(kind).toBe('upgrade');
    expect(JSON.stringify(headers)).not.toMatch(/10\.9\.9\.9|forged|chosen|dropped|wxt_x/);
    expect(readProof(gatewayKey, terminal.last)?.facts).toMatchObject({
      clientIp: '127.0.0.1',
      requestId: answer.headers['x-request-id'],
    });
    client.socket.destroy();
  });

  it('forwards bytes that directly follow the handshake, before the service has answered', async () => {
    terminal.onUpgrade = (request, socket, head) => void setImmediate(() => terminal.echo(request, socket, head));
    const client = open(`GET ${socketPath}`, handshake);
    const maskedPing = Buffer.from([0x89, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
    client.write(maskedPing);
    expect((await client.answer()).status).toBe(101);
    expect(await client.bytes(4)).toEqual(Buffer.from([0x8a, 0x02, 0x68, 0x69]));
    client.socket.destroy();
  });

  it('waits for a slow service, and closes that connection if the client leaves meanwhile', async () => {
    const arrived = new Promise<AbortSignal>((resolve) => {
      terminal.onUpgrade = (_request, socket) => {
        const left = new AbortController();
        socket.on('error', () => undefined);
        socket.once('close', () => left.abort());
        // A service's sockets may be half open, so it must close its side itself.
        socket.once('end', () => socket.destroy());
        socket.resume();
        resolve(left.signal);
      };
    });
    const client = open(`GET ${socketPath}`, handshake);
    const left = await arrived;
    expect(left.aborted).toBe(false);
    client.socket.resetAndDestroy();
    if (!left.aborted) await once(left, 'abort');
  });

  it('shows the client the status and body of a refusal by the service', async () => {
    const body = '{"error":"The machine is offline.","code":"machine_offline","request_id":"r"}';
    terminal.onUpgrade = (_request, socket) => {
      socket.end(
        `HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 5\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      );
    };
    const answer = await refused(`GET ${socketPath}`, handshake);
    expect(codeOf(answer)).toBe('503 machine_offline');
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('forwards no bytes that follow the handshake if the service refuses it', async () => {
    const far: string[] = [];
    terminal.onUpgrade = (_request, socket) => {
      socket.on('data', (chunk) => far.push(String(chunk)));
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}');
    };
    const client = open(`GET ${socketPath}`, handshake);
    client.write(`GET /api/machines HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`);
    expect((await client.answer()).status).toBe(401);
    await client.closed();
    expect([far, terminal.recorded.length]).toEqual([[], 1]);
  });

  it('ends when the service dies, and ends at the service when the client dies', async () => {
    const far: import('node:stream').Duplex[] = [];
    terminal.onUpgrade = (request, socket, head) => {
      far.push(socket);
      terminal.echo(request, socket, head);
    };
    const first = open(`GET ${socketPath}`, handshake);
    expect((await first.answer()).status).toBe(101);
    far[0]?.destroy();
    await first.closed();
    const second = open(`GET ${socketPath}`, handshake);
    expect((await second.answer()).status).toBe(101);
    const ended = far[1] === undefined ? Promise.reject(new Error('no second')) : once(far[1], 'close');
    second.socket.resetAndDestroy();
    await ended;
  });
});

describe('an upgrade of another kind', () => {
  it.each([
    ['another Host', `GET ${socketPath}`, handshake, 'evil.example.com', '421 wrong_host'],
    ['an encoded slash', 'GET /api/terminal/a%2fb/ws', handshake, undefined, '400 bad_request'],
    ['a dot segment', 'GET /api/terminal/x/../ag_x/ws', handshake, undefined, '400 bad_request'],
    ['an absolute-form target', 'GET http://127.0.0.1/api/terminal/ag_x/ws', handshake, undefined, '400 bad_request'],
    ['a path below it', 'GET /api/terminal/ag_x/ws/x', handshake, undefined, '404 not_found'],
    ['an unknown path', 'GET /api/nothing', handshake, undefined, '404 not_found'],
    ['a REST path', 'GET /api/machines', handshake, undefined, '426 upgrade_required'],
    ['the web UI', 'GET /', handshake, undefined, '426 upgrade_required'],
    ['POST', `POST ${socketPath}`, handshake, undefined, '405 method_not_allowed'],
    ['h2c', `GET ${socketPath}`, [...without('Upgrade'), 'Upgrade: h2c'], undefined, '426 upgrade_required'],
    [
      'two protocols',
      `GET ${socketPath}`,
      [...without('Upgrade'), 'Upgrade: websocket, h2c'],
      undefined,
      '426 upgrade_required',
    ],
    [
      'version 8',
      `GET ${socketPath}`,
      [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 8'],
      undefined,
      '426 upgrade_required',
    ],
    ['no key', `GET ${socketPath}`, without('Sec-WebSocket-Key'), undefined, '400 bad_request'],
    ['a body', `GET ${socketPath}`, [...handshake, 'Content-Length: 5'], undefined, '400 bad_request'],
    ['a chunked body', `GET ${socketPath}`, [...handshake, 'Transfer-Encoding: chunked'], undefined, '400 bad_request'],
    ['a hidden body', `GET ${socketPath}`, [...handshake, 'Connection: content-length'], undefined, '400 bad_request'],
    ['two keys', `GET ${socketPath}`, [...handshake, ...handshake.slice(3)], undefined, '400 bad_request'],
    ['Origin null', `GET ${socketPath}`, [...handshake, 'Origin: null'], undefined, '403 origin_not_allowed'],
    [
      'another Origin',
      `GET ${socketPath}`,
      [...handshake, 'Origin: https://evil.example.com'],
      undefined,
      '403 origin_not_allowed',
    ],
    [
      'a cookie without Origin and token',
      'GET /api/terminal/ag_x/ws',
      [...handshake, 'Cookie: a=b'],
      undefined,
      '403 origin_not_allowed',
    ],
  ])('%s: is answered and closed, and reaches no service', async (_name, line, headers, host, expected) => {
    const answer = await refused(line, headers, host);
    expect(codeOf(answer)).toBe(expected);
    expect(answer.headers).toMatchObject({ connection: 'close', 'content-type': 'application/json; charset=utf-8' });
    expect([...terminal.recorded, ...others.recorded]).toEqual([]);
  });

  it('at another port of the same name is 403 by its Origin', async () => {
    const answer = await refused(`GET ${socketPath}`, [...handshake, `Origin: http://127.0.0.1:${gateway.port + 1}`]);
    expect(codeOf(answer)).toBe('403 origin_not_allowed');
  });

  it('is 426 with the version to use, and so is a plain GET of the path', async () => {
    const answer = await refused(`GET ${socketPath}`, without('Sec-WebSocket-Version'));
    expect(answer.headers).toMatchObject({ 'sec-websocket-version': '13', upgrade: 'websocket' });
    const plain = open(`GET ${socketPath}`, ['Accept: */*']);
    expect(codeOf(await plain.answer())).toBe('426 upgrade_required');
    plain.socket.destroy();
  });
});

describe('without a terminal service', () => {
  it('an upgrade is 503 with Retry-After; stopping the gateway ends open WebSockets', async () => {
    const lonely = new RecordingService();
    await lonely.start();
    const instance = await startGateway({ TERMINAL_URLS: lonely.url });
    onTestFinished(instance.stop);
    const connectTo = (): RawClient => {
      const client = new RawClient(instance.port);
      client.write(
        `GET ${socketPath} HTTP/1.1\r\nHost: 127.0.0.1:${instance.port}\r\n${handshake.join('\r\n')}\r\n\r\n`,
      );
      return client;
    };
    const opened = connectTo();
    expect((await opened.answer()).status).toBe(101);
    lonely.server.close();
    const late = connectTo();
    const answer = await late.answer();
    expect(codeOf(answer)).toBe('503 unavailable');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await late.closed();
    await Promise.all([instance.stop(), opened.closed()]);
    await lonely.stop().catch(() => undefined);
  });
});
