import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { Agent, get } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { freePort } from '@webxterm/stack';
import { createAuthority, issueCertificate, type KeyPair } from '@webxterm/stack/pki';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type GatewayProcess, gatewayKey, refusedStart, startGateway } from '../testing/gateway-process.ts';
import { connectFrom } from '../testing/raw-http.ts';
import { connectionLimits } from './connections.ts';

const name = 'term.example.org';
const yearMs = 365 * 86_400_000;
let folder = '';
let authority: KeyPair;
let gateway: GatewayProcess;
let port = 0;
let redirectPort = 0;

const put = (pair: KeyPair, into = folder): void => {
  writeFileSync(join(into, 'tls.crt'), pair.certificate);
  writeFileSync(join(into, 'tls.key'), pair.key);
};
const issue = (): Promise<KeyPair> => issueCertificate(authority, { names: [name], usage: 'server' }, Date.now());

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
  authority = await createAuthority(Date.now());
  put(await issue());
  [port, redirectPort] = await Promise.all([freePort(), freePort()]);
  gateway = await startGateway({
    HTTP_PORT: String(port),
    HTTP_REDIRECT_PORT: String(redirectPort),
    PUBLIC_URL: `https://${name}:${port}`,
    TLS_DIR: folder,
    GRPC_TLS: 'on',
    GRPC_CA: authority.certificate,
  });
});
afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

const answerOf = (
  start: (done: (response: IncomingMessage) => void) => { on: (e: 'error', f: (x: Error) => void) => unknown },
) =>
  new Promise<{ status: number | undefined; headers: IncomingMessage['headers']; body: string }>((resolve, reject) => {
    start(async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode, headers: response.headers, body });
    }).on('error', reject);
  });

const secureGet = (path: string) =>
  answerOf((done) =>
    get(
      {
        host: '127.0.0.1',
        port,
        path,
        servername: name,
        ca: authority.certificate,
        headers: { host: `${name}:${port}` },
        agent: false,
      },
      done,
    ),
  );

const presented = (): Promise<PeerCertificate> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: name, ca: authority.certificate }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });

describe('a gateway with TLS', () => {
  it('answers over TLS only, with HSTS, and gives agents the CA of the hubs', async () => {
    const answer = await secureGet('/.well-known/webxterm');
    expect(answer.status).toBe(200);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(JSON.parse(answer.body).grpc).toMatchObject({ tls: true, ca: authority.certificate });
    await expect(
      answerOf((done) => httpGet({ host: '127.0.0.1', port, path: '/', headers: { host: `${name}:${port}` } }, done)),
    ).rejects.toThrow();
  });

  it('checks upgrades as without TLS', async () => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}/api/other`, {
      agent: new Agent({ servername: name, ca: authority.certificate }),
      headers: { host: `${name}:${port}` },
    });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.on('error', resolve);
    });
    expect(status).toBe(404);
  });

  it('redirects http to https, with the path, for its own name only', async () => {
    const ask = (host: string, path: string) =>
      answerOf((done) => httpGet({ host: '127.0.0.1', port: redirectPort, path, headers: { host } }, done));
    const sent = await ask(name, '/machines?tag=a');
    expect(sent.status).toBe(308);
    expect(sent.headers.location).toBe(`https://${name}:${port}/machines?tag=a`);
    expect((await ask(`${name}:80`, '//evil.example')).headers.location).toBe(`https://${name}:${port}//evil.example`);
    const foreign = await ask('evil.example', '/');
    expect(foreign.status).toBe(421);
    expect(foreign.headers.location).toBeUndefined();
  });

  it('bounds the connections to its redirect for each address, as those to the public port', async () => {
    const ask = (localAddress: string) =>
      answerOf((done) =>
        httpGet({ host: '127.0.0.1', port: redirectPort, path: '/', localAddress, headers: { host: name } }, done),
      );
    const crowd: Socket[] = [];
    try {
      for (let made = 0; made < 1100; made += 100)
        crowd.push(...(await Promise.all(Array.from({ length: 100 }, () => connectFrom('127.0.0.1', redirectPort)))));
      expect((await ask('127.0.0.2')).status).toBe(308);
      expect((await ask('127.0.0.1')).status).toBe(308);
      await expect
        .poll(() => crowd.filter(({ destroyed }) => !destroyed).length, { timeout: 15_000 })
        .toBeLessThanOrEqual(connectionLimits.perAddress);
      expect((await secureGet('/.well-known/webxterm')).status).toBe(200);
    } finally {
      for (const socket of crowd) socket.destroy();
    }
  });

  it('loads a renewed certificate without a restart', async () => {
    const before = (await presented()).fingerprint256;
    put(await issue());
    gateway.child.kill('SIGHUP');
    await expect.poll(async () => (await presented()).fingerprint256, { timeout: 15_000 }).not.toBe(before);
    expect((await secureGet('/.well-known/webxterm')).status).toBe(200);
  });
});

it('a gateway that is started with an expired certificate serves it, and logs a warning', async () => {
  const own = mkdtempSync(join(tmpdir(), 'gateway-expired-'));
  onTestFinished(() => rmSync(own, { recursive: true }));
  const expired = await issueCertificate(authority, { names: [name], usage: 'server' }, Date.now() - 2 * yearMs);
  put(expired, own);
  const gateway = await startGateway({ PUBLIC_URL: `https://${name}`, TLS_DIR: own });
  onTestFinished(gateway.stop);
  expect(gateway.startLog.join()).toContain('THE CERTIFICATE HAS EXPIRED');
  const path = '/.well-known/webxterm';
  const address = {
    host: '127.0.0.1',
    port: gateway.port,
    path,
    servername: name,
    headers: { host: name },
    agent: false,
  };
  const whoGoesOn = (done: (response: IncomingMessage) => void) => get({ ...address, rejectUnauthorized: false }, done);
  expect((await answerOf(whoGoesOn)).status).toBe(200);
});

describe('a gateway whose TLS settings are wrong', () => {
  const required = {
    HTTP_PORT: '1',
    HEALTH_PORT: '2',
    GATEWAY_KEY: gatewayKey.toString('base64url'),
    AUTH_URLS: 'http://127.0.0.1:3',
    AGENT_HUB_URLS: 'http://127.0.0.1:3',
    TERMINAL_URLS: 'http://127.0.0.1:3',
    AUTH_HEALTH_URLS: 'http://127.0.0.1:3',
    AGENT_HUB_HEALTH_URLS: 'http://127.0.0.1:3',
    TERMINAL_HEALTH_URLS: 'http://127.0.0.1:3',
    GRPC_ADDRESSES: '127.0.0.1:4',
    INSTALLATION_ID: 'test',
  };

  it('names them and exits with 2', async () => {
    const plain = await refusedStart({ ...required, PUBLIC_URL: 'http://127.0.0.1:1', TLS_DIR: folder });
    expect(plain.code).toBe(2);
    expect(plain.said).toContain('PUBLIC_URL: must begin with https://');
    const missing = await refusedStart({ ...required, PUBLIC_URL: 'https://a.example', TLS_DIR: join(folder, 'none') });
    expect(missing.code).toBe(2);
    expect(missing.said).toMatch(/TLS_DIR: .*none holds no certificate: put tls\.crt and tls\.key there/);
  });
});
