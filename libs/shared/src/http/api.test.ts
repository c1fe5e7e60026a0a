import { type ClientRequest, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { defineRoute } from '@webxterm/contracts/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { Shutdown } from '../lifecycle/shutdown.ts';
import { createLogger } from '../log/logger.ts';
import { signAccessToken } from '../tokens/access-token.ts';
import { Api } from './api.ts';
import { gatewayHeaders } from './gateway-proof.ts';

const gatewayKey = Buffer.alloc(32, 1);
const jwtKeys = [{ kid: 'k1', secret: Buffer.alloc(32, 2) }];
/** The log, a line each. */
const lines: Record<string, unknown>[] = [];
const logger = createLogger({ service: 'test' }, { write: (line) => void lines.push(JSON.parse(line)) });
const shutdown = new Shutdown(logger);
const user = { user_id: 'a'.repeat(24), username: 'ada', disabled: false, exp: 4_000_000_000, epoch: 'e' };
const signins: Record<string, { role: 'user' | 'admin' }> = {
  'sid-of-a-user-000': { role: 'user' },
  'sid-of-an-admin-0': { role: 'admin' },
};
const now = Math.floor(Date.now() / 1000);
const tokenOf = (sid: string): string =>
  signAccessToken(jwtKeys, { userId: user.user_id, sid, now, expiresAt: now + 60 });
const facts = { requestId: 'r-1', clientIp: '203.0.113.9', proto: 'http', host: 'localhost' } as const;
/** The headers of a request with the gateway's proof. */
const vouchedFor = (method: string, url: string, headers: Record<string, string>): Record<string, string> => ({
  ...gatewayHeaders(gatewayKey, { method, url, headers }, facts),
  ...headers,
});

const create = defineRoute({
  id: 'create',
  owner: 'auth',
  method: 'post',
  path: '/api/things/:id',
  access: 'user',
  summary: 'x',
  params: z.strictObject({ id: z.string().max(3) }),
  query: z.strictObject({ n: z.coerce.number().int().default(1) }),
  body: z.strictObject({ name: z.string() }),
  success: {
    status: 201,
    schema: z.object({ id: z.string(), n: z.number(), name: z.string(), by: z.string(), ip: z.string() }),
  },
});
const admin = defineRoute({
  id: 'admin',
  owner: 'auth',
  method: 'get',
  path: '/api/admin',
  access: 'admin',
  summary: 'x',
  success: { status: 204 },
});
const fails = defineRoute({
  id: 'fails',
  owner: 'auth',
  method: 'get',
  path: '/api/fails',
  access: 'public',
  summary: 'x',
  success: { status: 204 },
});

const unavailable = defineRoute({ ...fails, id: 'unavailable', path: '/api/unavailable' });
const offline = defineRoute({ ...fails, id: 'offline', path: '/api/offline' });
const breaks = defineRoute({ ...fails, id: 'breaks', path: '/api/breaks' });

let port = 0;
/** Called at each look-up on the allow-list. */
let onFind = (): void => undefined;
/** The created things. */
const created: { name: string; role: string }[] = [];

beforeAll(async () => {
  const allowList = {
    find: async (sid: string) => {
      const entry = signins[sid];
      onFind();
      if (entry === undefined) throw new AppError('unauthenticated');
      return { ...user, ...entry };
    },
  };
  const api = new Api({ gatewayKey, jwtKeys, allowList, logger });
  api.mount(create, async ({ params, query, body, caller, context }) => {
    created.push({ name: body.name, role: caller.role });
    return { id: params.id, n: query.n, name: body.name, by: caller.username, ip: context.clientIp };
  });
  api.mount(admin, async () => undefined);
  api.mount(fails, async () => {
    throw new Error('connect ECONNREFUSED 10.0.0.1:27017 password=hunter2');
  });
  api.mount(unavailable, async () => {
    throw new AppError('unavailable', undefined, { cause: new Error('connect ECONNREFUSED 10.0.0.1:4222') });
  });
  api.mount(offline, async () => {
    throw new AppError('machine_offline');
  });
  api.mount(breaks, async ({ context: { response } }) => {
    response.write('the first half');
    throw new Error('no second half');
  });
  const server = await api.listen('127.0.0.1', 0, shutdown);
  port = (server.address() as AddressInfo).port;
});

afterAll(() => shutdown.run());

interface Answer {
  status: number;
  body: Record<string, unknown>;
  headers: Record<string, unknown>;
}

const answerTo = (request: ClientRequest): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.on('error', reject);
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: text === '' ? {} : JSON.parse(text),
          headers: response.headers,
        }),
      );
    });
  });

const send = (
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string | Buffer,
): Promise<Answer> => {
  const request = httpRequest({ port, host: '127.0.0.1', method, path, headers });
  request.end(body);
  return answerTo(request);
};

/** Sends a request whose body pauses until its token was checked and `meanwhile` was called. */
const callSlowly = async (token: string, body: string, meanwhile: () => void): Promise<Answer> => {
  const path = '/api/things/abc';
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${token}`,
    'content-length': String(Buffer.byteLength(body)),
  };
  const looked = new Promise<void>((resolve) => {
    onFind = resolve;
  });
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path,
    headers: vouchedFor('POST', path, headers),
  });
  const answer = answerTo(request);
  request.write(body.slice(0, 3));
  await looked;
  meanwhile();
  request.end(body.slice(3));
  return answer;
};

/** Sends a request in the same way as the gateway. */
const call = (
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Promise<Answer> => {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return send(method, path, vouchedFor(method, path, { ...headers, ...length }), body);
};

const json = { 'content-type': 'application/json', authorization: `Bearer ${tokenOf('sid-of-a-user-000')}` };

describe('a REST API mounted from its declarations', () => {
  it('gives the handler the parsed parts, the caller and the facts that the gateway has proved', async () => {
    const answer = await call('POST', '/api/things/abc?n=5', json, '{"name":"x"}');
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({ id: 'abc', n: 5, name: 'x', by: 'ada', ip: '203.0.113.9' });
    expect(answer.headers).toMatchObject({ 'x-request-id': 'r-1', 'cache-control': 'no-store' });
  });

  it('logs at level debug what it answered, with the id of the request', async () => {
    logger.level = 'debug';
    await call('POST', '/api/things/abc', json, '{"name":"x"}');
    logger.level = 'info';
    await expect.poll(() => lines.at(-1)).toMatchObject({ request_id: 'r-1', res: { status: 201 } });
  });

  it('reports to the gateway the user of an accepted token, and nothing of an unchecked token', async () => {
    expect((await call('GET', '/api/things/abc', json)).headers['x-webxterm-signed-in']).toBeUndefined();
    expect((await call('POST', '/api/things/abc', json, '{')).headers['x-webxterm-signed-in']).toBe(user.user_id);
    expect((await call('GET', '/api/admin', json)).headers['x-webxterm-signed-in']).toBe(user.user_id);
    const large = { authorization: `Bearer ${'x'.repeat(16_000)}`, cookie: 'c'.repeat(8000) };
    const refused = await call('GET', '/api/admin', large);
    expect([refused.status, refused.body.code]).toEqual([401, 'unauthenticated']);
    expect(refused.headers['x-webxterm-signed-in']).toBeUndefined();
  });

  it('answers a gateway whose clock differs by 90 s or more with unavailable and the difference', async () => {
    const late = gatewayHeaders(
      gatewayKey,
      { method: 'GET', url: '/api/fails', headers: {} },
      facts,
      Date.now() - 120_000,
    );
    const answer = await send('GET', '/api/fails', late);
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
    expect(Number(answer.headers['x-webxterm-gateway-ahead'])).toBeCloseTo(-120, -1);
  });

  it('answers only the gateway', async () => {
    const good = vouchedFor('POST', '/api/things/abc', { ...json, 'content-length': '12' });
    const refused = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
      const answer = await send(method, path, headers, body);
      expect([answer.status, answer.body.code]).toEqual([403, 'not_gateway']);
    };
    await refused('POST', '/api/things/abc', { ...json, 'content-length': '12' }, '{"name":"x"}');
    await refused('POST', '/api/things/abc', { ...good, 'x-forwarded-for': '127.0.0.1' }, '{"name":"x"}');
    await refused('POST', '/api/things/abd', good, '{"name":"x"}');
    await refused('GET', '/api/admin', { ...good, 'content-length': '0' });
    expect((await send('POST', '/api/things/abc', good, '{"name":"x"}')).status).toBe(201);
    await refused('POST', '/api/things/abc', good, '{"name":"x"}');
  });

  it('accepts a token after one blank or several', async () => {
    const token = tokenOf('sid-of-an-admin-0');
    for (const authorization of [`Bearer ${token}`, `Bearer  ${token}`, `bearer   ${token}`])
      expect((await call('GET', '/api/admin', { authorization })).status).toBe(204);
    for (const authorization of [token, `Bearer${token}`, `Bearer ${token} x`, `Basic ${token}`, 'Bearer', ''])
      expect((await call('GET', '/api/admin', { authorization })).status).toBe(401);
  });

  it('refuses a compressed body, whether it can be unpacked or not', async () => {
    for (const encoding of ['br', 'gzip', 'deflate', 'zstd', 'x-gzip', 'identity, gzip', 'junk'])
      for (const body of [gzipSync('{"name":"x"}'), Buffer.from('junk'), Buffer.alloc(0)]) {
        const answer = await call('POST', '/api/things/abc', { ...json, 'content-encoding': encoding }, body);
        expect([encoding, answer.status, answer.body.code]).toEqual([encoding, 415, 'unsupported_media_type']);
      }
    expect(
      (await call('POST', '/api/things/abc', { ...json, 'content-encoding': 'identity' }, '{"name":"x"}')).status,
    ).toBe(201);
  });

  it('answers a body that cannot be read with 4xx', async () => {
    const bodies = ['\u0000', 'nul', '{"a":'.repeat(9000), Buffer.from([0xff, 0xfe, 0x7b])];
    for (const body of bodies) expect((await call('POST', '/api/things/abc', json, body)).status).toBe(400);
    const charset = { ...json, 'content-type': 'application/json; charset=junk' };
    expect((await call('POST', '/api/things/abc', charset, '{"name":"x"}')).status).toBe(415);
    expect((await call('GET', '/api/things/%ff', json)).status).toBe(400);
  });

  it('checks in order: path, method, token, media type, size, JSON, fields', async () => {
    const unsigned = { 'content-type': 'text/plain' };
    expect((await call('POST', '/api/nothing', unsigned, 'x')).status).toBe(404);
    const wrongMethod = await call('DELETE', '/api/things/abc', unsigned);
    expect([wrongMethod.status, wrongMethod.headers.allow]).toEqual([405, 'POST']);
    expect((await call('POST', '/api/things/abc', unsigned, 'x')).status).toBe(401);
    expect((await call('POST', '/api/things/abc', { ...json, 'content-type': 'text/plain' }, 'x')).status).toBe(415);
    expect((await call('POST', '/api/things/abc', json, JSON.stringify({ name: 'x'.repeat(100_000) }))).status).toBe(
      413,
    );
    expect((await call('POST', '/api/things/abc', json, '{"name":')).body).toMatchObject({
      code: 'bad_request',
      request_id: 'r-1',
    });
    expect((await call('POST', '/api/things/abc', json, '"text"')).status).toBe(400);
  });

  it('names every field that is wrong, unknown ones too', async () => {
    const answer = await call('POST', '/api/things/abcd?n=x', json, '{"name":1,"role":"admin"}');
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('invalid_input');
    expect(answer.body.details).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: 'id' }),
        expect.objectContaining({ path: 'n' }),
        expect.objectContaining({ path: 'name' }),
        expect.objectContaining({ path: 'role' }),
      ]),
    );
  });

  it('refuses a parameter of the query that is there twice or as a list, by name', async () => {
    for (const [query, path] of [
      ['n=1&n=2', 'n'],
      ['n=1&n=1', 'n'],
      ['n[]=1', 'n[]'],
      ['n%5B%5D=1&n%5B%5D=2', 'n[]'],
      ['n[0]=1', 'n[0]'],
    ]) {
      const { status, body } = await call('POST', `/api/things/abc?${query}`, json, '{"name":"a"}');
      expect([query, status, body.code]).toEqual([query, 400, 'invalid_input']);
      expect(body.details).toEqual([expect.objectContaining({ path })]);
    }
  });

  it('refuses a token whose sign-in is invalid, and one of a lower role', async () => {
    expect((await call('GET', '/api/admin', { authorization: `Bearer ${tokenOf('sid-that-has-ended')}` })).status).toBe(
      401,
    );
    expect((await call('GET', '/api/admin', { authorization: `Bearer ${tokenOf('sid-of-a-user-000')}` })).status).toBe(
      403,
    );
    expect((await call('GET', '/api/admin', { authorization: `Bearer ${tokenOf('sid-of-an-admin-0')}` })).status).toBe(
      204,
    );
  });

  it('does not act for a sign-in that ends while the body is received', async () => {
    const sid = 'sid-of-a-guest-00';
    signins[sid] = { role: 'user' };
    const answer = await callSlowly(tokenOf(sid), '{"name":"too late"}', () => delete signins[sid]);
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    expect(answer.headers['x-webxterm-signed-in']).toBeUndefined();
    expect(created).not.toContainEqual(expect.objectContaining({ name: 'too late' }));
  });

  it('uses the role that the caller has once the body is complete', async () => {
    const sid = 'sid-of-a-guest-01';
    signins[sid] = { role: 'admin' };
    const demote = (): void => {
      signins[sid] = { role: 'user' };
    };
    expect((await callSlowly(tokenOf(sid), '{"name":"demoted"}', demote)).status).toBe(201);
    expect(created).toContainEqual({ name: 'demoted', role: 'user' });
  });

  it('logs one line for a failed request: an error with its stack, or the unavailable part with the reason', async () => {
    const logged = async (path: string) => {
      lines.length = 0;
      await call('GET', path).catch(() => undefined);
      return lines.map(({ level, code, reason, err, path: named, request_id }) => ({
        level,
        code,
        reason,
        err,
        named,
        request_id,
      }));
    };
    const of = (named: string) => ({ named, request_id: 'r-1' });
    expect(await logged('/api/unavailable')).toEqual([
      {
        ...of('/api/unavailable'),
        level: 'warn',
        code: 'unavailable',
        reason:
          'A part of the server is not reachable right now. Try again shortly. connect ECONNREFUSED 10.0.0.1:4222',
      },
    ]);
    expect(await logged('/api/offline')).toEqual([
      {
        ...of('/api/offline'),
        level: 'info',
        code: 'machine_offline',
        reason: 'The machine is offline: its agent is not connected.',
      },
    ]);
    const failure = (message: unknown) =>
      expect.objectContaining({ message, stack: expect.stringContaining('api.test.ts') });
    expect(await logged('/api/fails')).toEqual([
      { ...of('/api/fails'), level: 'error', code: 'internal', err: failure(expect.stringContaining('ECONNREFUSED')) },
    ]);
    expect(await logged('/api/breaks')).toEqual([
      { ...of('/api/breaks'), level: 'error', code: 'internal', err: failure('no second half') },
    ]);
    expect(await logged('/api/nowhere')).toEqual([]);
  });

  it('shows no detail of an internal error', async () => {
    const answer = await call('GET', '/api/fails');
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toMatch(/10\.0\.0\.1|hunter2|ECONN/);
    expect(answer.body).toMatchObject({ code: 'internal', request_id: 'r-1' });
  });
});
