import { readProof } from '@webxterm/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type GatewayProcess, gatewayKey, refusedStart, startGateway } from '../testing/gateway-process.ts';
import { exchange, json, type RawAnswer, RawClient } from '../testing/raw-http.ts';
import { RecordingService } from '../testing/recording-service.ts';

const service = new RecordingService();
let gateway: GatewayProcess;
let host: string;

beforeAll(async () => {
  await service.start();
  gateway = await startGateway({
    AUTH_URLS: service.url,
    AGENT_HUB_URLS: service.url,
    TERMINAL_URLS: service.url,
    EXTRA_ORIGINS: 'https://tools.example.com',
  });
  host = `127.0.0.1:${gateway.port}`;
});

afterAll(async () => {
  await gateway?.stop();
  await service.stop();
});

beforeEach(() => service.reset());

const get = (path: string, ...headers: string[]): Promise<RawAnswer> =>
  exchange(gateway.port, [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...headers]);
const post = (path: string, body: string, ...headers: string[]): Promise<RawAnswer> =>
  exchange(
    gateway.port,
    [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...headers,
    ],
    body,
  );
const codeOf = (answer: RawAnswer): string => `${answer.status} ${String(json(answer).code)}`;

describe('Host', () => {
  it.each(['evil.example.com', 'localhost', '127.0.0.1:1', 'localhost.evil.net', '127.0.0.1.nip.io', ''])(
    '%j is 421, before the path is looked at',
    async (name) => {
      const answer = await exchange(gateway.port, ['GET /no/%2e%2e/such HTTP/1.1', `Host: ${name}`]);
      expect(codeOf(answer)).toBe('421 wrong_host');
      expect(service.recorded).toEqual([]);
    },
  );

  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])('%s with the own port is accepted', async (name) => {
    const answer = await exchange(gateway.port, ['GET /api/machines HTTP/1.1', `Host: ${name}:${gateway.port}`]);
    expect(answer.status).toBe(200);
  });

  it('missing, in HTTP/1.1 and 1.0, is 421', async () => {
    expect(codeOf(await exchange(gateway.port, ['GET /api/machines HTTP/1.1']))).toBe('421 wrong_host');
    expect(codeOf(await exchange(gateway.port, ['GET /api/machines HTTP/1.0']))).toBe('421 wrong_host');
  });

  it('twice is 400', async () => {
    expect(codeOf(await get('/api/machines', 'Host: evil.example.com'))).toBe('400 bad_request');
  });
});

describe('ambiguous requests', () => {
  it.each([
    'http://127.0.0.1/api/machines',
    '//api/machines',
    '/api//machines',
    '/api/../api/machines',
    '/api/./machines',
    '/api/machines%2fx',
    '/api/machines%5cx',
    '/api/%2e%2e/machines',
    '/api/machines%00',
    '/api\\machines',
    '/api/machines/%65vents',
  ])('path %s is 400 and reaches no service', async (path) => {
    expect(codeOf(await get(path))).toBe('400 bad_request');
    expect(service.recorded).toEqual([]);
  });

  it.each([
    ['Content-Length with Transfer-Encoding', ['Content-Length: 4', 'Transfer-Encoding: chunked']],
    ['Transfer-Encoding with Content-Length', ['Transfer-Encoding: chunked', 'Content-Length: 4']],
    ['two Content-Lengths', ['Content-Length: 4', 'Content-Length: 5']],
    ['a signed Content-Length', ['Content-Length: +4']],
    ['an unknown Transfer-Encoding', ['Transfer-Encoding: xchunked']],
    ['a folded header', ['X-A: b', ' Transfer-Encoding: chunked']],
    ['a space before the colon', ['Content-Length : 4']],
  ])('%s is 400 and ends the connection', async (_name, headers) => {
    const client = new RawClient(gateway.port);
    client.write(
      `POST /api/login HTTP/1.1\r\nHost: ${host}\r\n${headers.join('\r\n')}\r\n\r\n0\r\n\r\nGET /api/machines HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    );
    expect(codeOf(await client.answer())).toBe('400 bad_request');
    await client.closed();
    expect(service.recorded).toEqual([]);
  });

  it.each(['content-length', 'Transfer-Encoding', 'host', 'authorization', 'cookie', 'origin', 'x-webxterm-gateway'])(
    'Connection that names %s is 400, after 421, and ends the connection',
    async (name) => {
      const lines = ['Content-Length: 2', `Connection: keep-alive, ${name}`];
      const elsewhere = await exchange(gateway.port, ['POST /api/login HTTP/1.1', 'Host: evil', ...lines], '{}');
      expect([codeOf(elsewhere), elsewhere.headers.connection]).toEqual(['421 wrong_host', 'close']);
      const client = new RawClient(gateway.port);
      client.write(`POST /api/login HTTP/1.1\r\nHost: ${host}\r\n${lines.join('\r\n')}\r\n\r\n{}`);
      expect(codeOf(await client.answer())).toBe('400 bad_request');
      await client.closed();
      expect(service.recorded).toEqual([]);
    },
  );

  it('over 128 header lines are 431, however short they are', async () => {
    const lines = Array.from({ length: 2100 }, () => 'a:');
    const answer = await exchange(gateway.port, ['POST /api/login HTTP/1.1', `Host: ${host}`, ...lines]);
    expect([codeOf(answer), service.recorded]).toEqual(['431 headers_too_large', []]);
  });

  it('an unknown expectation is 417, after 421 and 400, and CONNECT is 400', async () => {
    const expectation = 'Expect: 100-continue, more';
    expect(codeOf(await post('/api/login', '{}', expectation))).toBe('417 expectation_failed');
    expect(codeOf(await post('/api//login', '{}', expectation))).toBe('400 bad_request');
    const elsewhere = await exchange(gateway.port, ['GET /api/login HTTP/1.1', 'Host: evil', expectation]);
    expect(codeOf(elsewhere)).toBe('421 wrong_host');
    expect(codeOf(await exchange(gateway.port, [`CONNECT ${host} HTTP/1.1`, `Host: ${host}`]))).toBe('400 bad_request');
    expect(service.recorded).toEqual([]);
  });

  it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])('%s is 400', async (name) => {
    expect(codeOf(await post('/api/login', '{}', `${name}: DELETE`))).toBe('400 bad_request');
    expect(service.recorded).toEqual([]);
  });

  it('the query is forwarded byte for byte as it was matched', async () => {
    await get('/api/machines?search=%2e%2e%2F%00&a=b%20c+d');
    expect(service.last.url).toBe('/api/machines?search=%2e%2e%2F%00&a=b%20c+d');
  });

  it('every request of one connection is checked', async () => {
    const client = new RawClient(gateway.port);
    client.write(
      `GET /api/machines HTTP/1.1\r\nHost: ${host}\r\n\r\nGET /api/machines HTTP/1.1\r\nHost: evil.example.com\r\n\r\n`,
    );
    expect((await client.answer()).status).toBe(200);
    expect((await client.answer()).status).toBe(421);
    expect(service.recorded).toHaveLength(1);
    client.socket.destroy();
  });
});

describe('identity headers from outside', () => {
  const spoofed = [
    'X-Forwarded-For: 10.9.9.9',
    'X-Forwarded-Host: evil.example.com',
    'X-Forwarded-Proto: https',
    'X-Forwarded-User: root',
    'Forwarded: for=10.9.9.9',
    'X-Real-IP: 10.9.9.9',
    'X-Request-Id: chosen',
    'X-Webxterm-Gateway: forged',
    'X-Webxterm-User: admin',
    'X_Forwarded_For: 10.9.9.9',
    'X-Hop: dropped',
    'Connection: keep-alive, X-Hop',
  ];

  it('never reach a service; the gateway sets its own and proves them', async () => {
    const answer = await get('/api/machines', ...spoofed);
    const { headers } = service.last;
    expect(JSON.stringify(headers)).not.toMatch(/10\.9\.9\.9|evil|root|forged|chosen|dropped/);
    expect(readProof(gatewayKey, service.last)?.facts).toEqual({
      requestId: answer.headers['x-request-id'],
      clientIp: '127.0.0.1',
      proto: 'http',
      host,
    });
  });

  it('include no request id: each request gets a new one', async () => {
    const ids = new Set([
      (await get('/api/machines')).headers['x-request-id'],
      (await get('/api/machines')).headers['x-request-id'],
    ]);
    expect(ids.size).toBe(2);
  });

  it('are accepted from a configured proxy, as far as they are valid', async () => {
    const behindProxy = await startGateway({ AGENT_HUB_URLS: service.url, TRUSTED_PROXIES: '127.0.0.0/8' });
    try {
      await exchange(behindProxy.port, [
        'GET /api/machines HTTP/1.1',
        `Host: 127.0.0.1:${behindProxy.port}`,
        'X-Forwarded-For: 127.0.0.1, 6.6.6.6, 198.51.100.9',
        'X-Forwarded-Proto: https',
        'X-Real-IP: 6.6.6.6',
        'X-Webxterm-Gateway: forged',
      ]);
      expect(readProof(gatewayKey, service.last)?.facts).toMatchObject({
        clientIp: '198.51.100.9',
        proto: 'https',
      });
      expect(service.last.headers).not.toHaveProperty('x-real-ip');
    } finally {
      await behindProxy.stop();
    }
  });
});

describe('paths and methods', () => {
  it('unknown below /api is JSON 404, strict and case-sensitive', async () => {
    for (const path of ['/api', '/api/', '/api/nothing', '/api/machines/', '/API/machines/../x', '/api/Machines'])
      expect((await get(path)).status).toBe(path.includes('..') ? 400 : 404);
    expect(codeOf(await get('/api/nothing'))).toBe('404 not_found');
  });

  it('a known path with another method is 405 with Allow', async () => {
    const answer = await exchange(gateway.port, ['DELETE /api/login HTTP/1.1', `Host: ${host}`]);
    expect(codeOf(answer)).toBe('405 method_not_allowed');
    expect(answer.headers.allow).toBe('OPTIONS, POST');
  });

  it('checks in the order 421, 404, 403 Origin, 405', async () => {
    const origin = 'Origin: https://evil.example.com';
    expect((await exchange(gateway.port, ['PUT /api/nothing HTTP/1.1', 'Host: evil', origin])).status).toBe(421);
    expect((await exchange(gateway.port, ['PUT /api/nothing HTTP/1.1', `Host: ${host}`, origin])).status).toBe(404);
    expect((await exchange(gateway.port, ['PUT /api/login HTTP/1.1', `Host: ${host}`, origin])).status).toBe(403);
    expect((await exchange(gateway.port, ['PUT /api/login HTTP/1.1', `Host: ${host}`])).status).toBe(405);
  });
});

describe('several requests of a connection at once', () => {
  const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

  it('are forwarded one after another, and answered in order', async () => {
    const held: (() => void)[] = [];
    service.answer = ({ url }, response) => {
      if (url === '/api/machines?n=0') held.push(() => response.end(url));
      else response.end(url);
    };
    const client = new RawClient(gateway.port);
    client.write([0, 1, 2].map((n) => ask(`/api/machines?n=${n}`)).join(''));
    await expect.poll(() => held.length).toBe(1);
    await get('/api/machines?n=other');
    expect(service.recorded.map(({ url }) => url)).toEqual(['/api/machines?n=0', '/api/machines?n=other']);
    held[0]?.();
    for (const n of [0, 1, 2]) expect((await client.answer()).body).toBe(`/api/machines?n=${n}`);
    client.socket.destroy();
  });

  it('end it if they are more than 17, before another one is forwarded', async () => {
    service.answer = () => undefined;
    const client = new RawClient(gateway.port);
    client.write(ask('/api/machines'));
    await expect.poll(() => service.recorded.length).toBe(1);
    client.write(ask('/api/machines').repeat(17));
    await client.closed();
    expect(service.recorded).toHaveLength(1);
  });
});

describe('Origin', () => {
  const suffixes = [
    'null',
    'https://127.0.0.1:PORT',
    'http://127.0.0.1:1',
    'http://127.0.0.1',
    'http://127.0.0.1:PORT.evil.net',
    'http://sub.localhost:PORT',
    'https://tools.example.com.evil.net',
    'https://eviltools.example.com',
    'http://tools.example.com',
  ];

  it.each(suffixes)('%s is 403, with a token too', async (text) => {
    const origin = text.replace('PORT', String(gateway.port));
    const answer = await get('/api/machines', `Origin: ${origin}`, 'Authorization: Bearer x');
    expect(codeOf(answer)).toBe('403 origin_not_allowed');
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect(service.recorded).toEqual([]);
  });

  it('that is allowed is answered with CORS headers, without credentials', async () => {
    const answer = await get('/api/machines', 'Origin: https://tools.example.com');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://tools.example.com',
      vary: 'origin',
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('of a preflight: allowed origins get the methods of the path, others 403', async () => {
    const preflight = (origin: string) =>
      exchange(gateway.port, [
        'OPTIONS /api/login HTTP/1.1',
        `Host: ${host}`,
        `Origin: ${origin}`,
        'Access-Control-Request-Method: POST',
      ]);
    const allowed = await preflight('https://tools.example.com');
    expect(allowed.status).toBe(204);
    expect(allowed.headers['access-control-allow-methods']).toContain('POST');
    expect(allowed.headers['access-control-allow-headers']).toContain('authorization');
    expect((await preflight('https://evil.example.com')).status).toBe(403);
    expect(service.recorded).toEqual([]);
  });

  it('is required for a cookie, which is forwarded to auth only', async () => {
    expect(codeOf(await post('/api/auth/session', '{}', 'Cookie: wxt_x=1'))).toBe('403 origin_not_allowed');
    await post('/api/auth/session', '{}', 'Cookie: wxt_x=1', `Origin: ${gateway.origin}`, 'X-Webxterm-Browser: 1');
    expect(service.last.headers).toMatchObject({ cookie: 'wxt_x=1', 'x-webxterm-browser': '1' });
    await post('/api/login', '{}', 'Cookie: device=1');
    expect(service.last.headers).not.toHaveProperty('cookie');
    await get('/api/machines', 'Cookie: wxt_x=1', `Origin: ${gateway.origin}`);
    expect(service.last.headers).not.toHaveProperty('cookie');
  });
});

describe('the log', () => {
  it('has a line for each answer, with its request id and without the values of its query', async () => {
    const lines: string[] = [];
    gateway.child.stdout?.on('data', (chunk) => lines.push(String(chunk)));
    const { headers } = await get('/api/machines?search=SECRET', 'X-Forwarded-For: 10.9.9.9');
    await get('/api/machines', 'X-Forwarded-For: 10.9.9.9');
    await expect.poll(() => lines.join('')).toContain(`"request_id":"${headers['x-request-id']}"`);
    expect(lines.join('')).toMatch(/"path":"\/api\/machines\?search=…","status":200,"ms":\d+,"msg":"answered"/);
    expect(lines.join('')).not.toContain('SECRET');
  });

  it('at level debug has each refused request, without the values of its query', async () => {
    const instance = await startGateway({ LOG_LEVEL: 'debug' });
    onTestFinished(instance.stop);
    const lines: string[] = [];
    instance.child.stdout?.on('data', (chunk) => lines.push(String(chunk)));
    const ask = (path: string, ...headers: string[]) =>
      exchange(instance.port, [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${instance.port}`, ...headers]);
    expect((await ask('/api/nowhere?token=SECRET')).status).toBe(404);
    expect((await ask('/api/machines?search=SECRET')).status).toBe(503);
    const refused = await ask('/api/machines?token=SECRET', 'Connection: Upgrade', 'Upgrade: websocket');
    expect(refused.status).toBe(426);
    await expect.poll(() => lines.join('').split('"msg":"request rejected"').length).toBe(3);
    await expect.poll(() => lines.join('')).toContain('"msg":"a service did not answer"');
    for (const line of lines.join('').trim().split('\n')) expect(JSON.parse(line).service).toBe('gateway');
    expect(lines.join('')).not.toContain('SECRET');
  });

  it('names a proxy that is not trusted, once, and warns of plain http beyond loopback', async () => {
    const instance = await startGateway({ PUBLIC_URL: 'http://term.example.org' });
    onTestFinished(instance.stop);
    expect(instance.startLog.join('')).toContain('NOT SAFE: http://term.example.org is plain http');
    const lines: string[] = [];
    instance.child.stdout?.on('data', (chunk) => lines.push(String(chunk)));
    const ask = () =>
      exchange(instance.port, ['GET / HTTP/1.1', 'Host: term.example.org', 'X-Forwarded-For: 10.9.9.9']);
    expect([(await ask()).status, (await ask()).status]).toEqual([503, 503]);
    await expect.poll(() => lines.join('').split('"msg":"answered"').length).toBe(3);
    const said = lines.join('');
    expect(said.split('add it to TRUSTED_PROXIES')).toHaveLength(2);
  });
});

describe('settings', () => {
  it('that are wrong are all named at once, and end the start with 2', async () => {
    const { code, said } = await refusedStart({
      PUBLIC_URL: 'ftp://x',
      TRUSTED_PROXIES: '10.0.0.0/99',
      GATEWAY_KEY: 'short',
    });
    expect(code).toBe(2);
    for (const name of ['PUBLIC_URL', 'TRUSTED_PROXIES', 'GATEWAY_KEY', 'HTTP_PORT', 'AUTH_URLS', 'INSTALLATION_ID'])
      expect(said).toContain(name);
  });
});
