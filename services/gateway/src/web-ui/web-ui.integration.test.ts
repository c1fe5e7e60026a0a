import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayProcess, startGateway } from '../testing/gateway-process.ts';
import { exchange, json, type RawAnswer, RawClient } from '../testing/raw-http.ts';
import { RecordingService } from '../testing/recording-service.ts';

const dir = mkdtempSync(join(tmpdir(), 'web-ui-'));
const script = `export const text = '${'webxterm '.repeat(500)}';`;
const large = join(dir, 'assets', 'large-Dz3.bin');
const service = new RecordingService();
let gateway: GatewayProcess;

beforeAll(async () => {
  mkdirSync(join(dir, 'assets'));
  writeFileSync(join(dir, 'index.html'), '<!doctype html><title>WebXTerm</title>');
  writeFileSync(join(dir, 'assets', 'index-Bx1.js'), script);
  writeFileSync(join(dir, 'assets', 'built-Cy2.js'), script);
  writeFileSync(join(dir, 'assets', 'built-Cy2.js.br'), 'as the build left it');
  // Larger than the buffers of a connection.
  writeFileSync(large, Buffer.alloc(16 * 1024 * 1024));
  writeFileSync(join(dir, '.secret'), 'hidden');
  await service.start();
  gateway = await startGateway({ WEB_DIR: dir, AUTH_HEALTH_URLS: service.url });
});

afterAll(async () => {
  await gateway?.stop();
  await service.stop();
  rmSync(dir, { recursive: true });
});

const get = (path: string, ...headers: string[]): Promise<RawAnswer> =>
  exchange(gateway.port, [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`, ...headers]);

/** The number of file descriptors that the gateway has open for this file. */
const timesOpen = (file: string): number => {
  const fds = `/proc/${gateway.child.pid}/fd`;
  const linkOf = (fd: string): string => {
    try {
      return readlinkSync(join(fds, fd));
    } catch {
      return '';
    }
  };
  return readdirSync(fds).filter((fd) => linkOf(fd) === file).length;
};

describe('a client that requests files and reads none', () => {
  it('has one file open at a time, and none after it has left', async () => {
    const client = new RawClient(gateway.port);
    client.socket.pause();
    const ask = `GET /assets/large-Dz3.bin HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\n\r\n`;
    client.write(ask.repeat(8));
    await expect.poll(() => timesOpen(large)).toBeGreaterThan(0);
    // Once these requests are answered, the gateway has also begun the pipelined ones.
    for (let round = 0; round < 5; round += 1) await get('/assets/index-Bx1.js');
    expect(timesOpen(large)).toBe(1);
    client.socket.destroy();
    await expect.poll(() => timesOpen(large)).toBe(0);
  });
});

describe('the web UI', () => {
  it('answers its own pages with the index, which is not cached', async () => {
    for (const path of ['/', '/login', '/machines/ag_1', '/terminal/ag_x/', '/index.html']) {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(answer.body).toContain('<title>WebXTerm</title>');
      expect(answer.headers['cache-control']).toBe('no-cache');
    }
  });

  it('answers other paths with 404: as JSON for a program, and with the UI for a browser', async () => {
    const paths = [
      '/metrics',
      '/livez',
      '/readyz',
      '/agent',
      '/download/agent',
      '/machines',
      '/machines/a/b',
      '/terminal',
    ];
    for (const path of [...paths, '/login/x', '/LOGIN', '/install.sh', '/terminal/ag_x/y/']) {
      const answer = await get(path, 'Accept: */*');
      expect([path, answer.status, json(answer).code]).toEqual([path, 404, 'not_found']);
    }
    const page = await get('/machines', 'Accept: text/html,*/*;q=0.8', 'Range: bytes=0-3');
    expect([page.status, page.headers['cache-control']]).toEqual([404, 'no-store']);
    expect(page.body).toContain('<title>WebXTerm</title>');
  });

  it('lets hashed files be kept for a year, and has no index for one that is gone', async () => {
    const answer = await get('/assets/index-Bx1.js');
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(answer.headers['content-type']).toContain('text/javascript');
    expect(answer.body).toBe(script);
    for (const path of ['/assets/index-old.js', '/assets/x', '/favicon.ico', '/.secret', '/assets/'])
      expect((await get(path)).status, path).toBe(404);
  });

  it('compresses text once, prefers what the build compressed, and answers 304', async () => {
    const raw = await fetch(`${gateway.origin}/assets/index-Bx1.js`, { headers: { 'accept-encoding': 'br' } });
    expect(raw.headers.get('content-encoding')).toBe('br');
    expect(await raw.text()).toBe(script);
    const built = await get('/assets/built-Cy2.js', 'Accept-Encoding: gzip, br');
    expect(built.body).toBe('as the build left it');
    expect(built.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' });
    const again = await get('/assets/built-Cy2.js', 'Accept-Encoding: br', `If-None-Match: ${built.headers.etag}`);
    expect(again).toMatchObject({ status: 304, body: '' });
  });

  it('is restricted by a strict policy', async () => {
    const { headers } = await get('/');
    const policy = String(headers['content-security-policy']);
    for (const part of ["default-src 'self'", "script-src 'self'", "img-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(part);
    expect(policy).toContain(`ws://127.0.0.1:${gateway.port}`);
    expect(policy).not.toMatch(/script-src[^;]*unsafe|unsafe-eval|\*/);
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
    });
    expect(headers).not.toHaveProperty('strict-transport-security');
  });

  it('are read-only', async () => {
    const answer = await exchange(gateway.port, [
      'POST / HTTP/1.1',
      `Host: 127.0.0.1:${gateway.port}`,
      'Content-Length: 0',
    ]);
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it('explains how to build it if it is missing, and sends HSTS over https', async () => {
    const bare = await startGateway({ PUBLIC_URL: 'https://term.example.com' });
    try {
      const answer = await exchange(bare.port, ['GET / HTTP/1.1', 'Host: term.example.com']);
      expect(answer.status).toBe(503);
      expect(answer.body).toContain('npm run build -w @webxterm/web');
      expect(answer.headers['strict-transport-security']).toContain('max-age=31536000');
      expect(answer.headers['content-security-policy']).toContain('wss://term.example.com');
    } finally {
      await bare.stop();
    }
  });
});

describe("the gateway's own answers", () => {
  it('health shows each part, and the servers as the services see them', async () => {
    service.answer = (_request, response) =>
      response.end(
        JSON.stringify({
          status: 'degraded',
          parts: { mongodb: { ok: true, detail: '' }, nats: { ok: false, detail: 'away' } },
        }),
      );
    const health = json(await get('/api/health'));
    expect(health.status).toBe('degraded');
    expect(health.parts).toMatchObject([
      { name: 'auth', status: 'degraded', ready: 1, detail: 'without nats' },
      { name: 'agent-hub', status: 'down', ready: 0 },
      { name: 'terminal', status: 'down' },
      { name: 'mongodb', status: 'ok' },
      { name: 'nats', status: 'down', detail: expect.stringContaining('away') },
    ]);
    expect(service.last.url).toBe('/readyz');
  });

  it('discovery shows agents the hubs, and users whether sign-up is open', async () => {
    const answer = await get('/.well-known/webxterm');
    expect(json(answer)).toEqual({
      name: 'WebXTerm',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      installation_id: 'test-installation',
      grpc: { addresses: ['127.0.0.1:8081'], tls: false },
      signup: 'open',
    });
  });

  it('OpenAPI names this address', async () => {
    const document = json(await get('/api/openapi.json'));
    expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: gateway.origin }] });
  });

  it('the page of the API loads the viewer from the gateway only', async () => {
    const page = await get('/api/docs');
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
    const named = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name = '']) => name);
    expect(named).toEqual([
      'data:,',
      '/api-docs/swagger-ui.css',
      '/api-docs/swagger-ui-bundle.js',
      '/api-docs/start.js',
    ]);
    for (const name of named.slice(1)) expect((await get(name)).status).toBe(200);
    expect((await get('/api-docs/package.json')).status).toBe(404);
  });
});
