import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { certificateName } from '@webxterm/contracts/grpc';
import { createAuthority, issueCertificate, type KeyPair } from '@webxterm/stack/pki';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startTestAgent } from '../integration/test-agent.ts';
import { TestHub } from '../integration/test-hub.ts';
import { hubAddresses } from './addresses.ts';
import { isExcluded, proxyFor } from './proxy.ts';

describe('whether the proxy is asked', () => {
  it.each([
    ['term.example.org', 443, 'example.org', true],
    ['term.example.org', 443, '.example.org', true],
    ['term.example.org', 443, 'ample.org', false],
    ['term.example.org', 443, 'TERM.EXAMPLE.ORG:443, x', true],
    ['term.example.org', 443, 'term.example.org:8081', false],
    ['term.example.org', 443, '*', true],
    ['10.1.2.3', 8081, '10.0.0.0/8', true],
    ['11.1.2.3', 8081, '10.0.0.0/8', false],
    ['fd00::1', 8081, 'fd00::/8', true],
    ['fd00::1', 8081, '[fd00::1]', true],
    ['10.1.2.3', 8081, '10.1.2.3', true],
    ['10.1.2.3', 8081, '10.0.0.0/99,nonsense/8,', false],
    ['term.example.org', 443, '', false],
  ])('%s:%i with NO_PROXY=%s is excluded: %s', (host, port, noProxy, excluded) => {
    expect(isExcluded(host, port, noProxy)).toBe(excluded);
  });

  it('is not for this very machine, and has its password decoded', () => {
    const settings = { proxy: 'http://ann:p%40ss@proxy.example.org:3128' };
    for (const here of ['127.0.0.1:8081', 'localhost:1', '[::1]:1']) expect(proxyFor(here, settings)).toBeUndefined();
    expect(proxyFor('hub.example.org:8081', settings)).toMatchObject({
      address: 'proxy.example.org:3128',
      credentials: 'ann:p@ss',
    });
  });
});

/** A proxy that accepts only this user and resolves the names of the test. */
const startProxy = async (
  places: () => Record<string, number>,
): Promise<{ server: Server; port: number; asked: string[] }> => {
  const asked: string[] = [];
  const server = createServer();
  server.on('connect', (request, socket) => {
    asked.push(`${request.headers['proxy-authorization'] === undefined ? 'nobody' : 'somebody'} ${request.url}`);
    const who = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
    const port = places()[request.url ?? ''];
    socket.on('error', () => {});
    if (request.headers['proxy-authorization'] !== who || port === undefined) {
      const status = port === undefined ? '403 Forbidden' : '407 Proxy Authentication Required';
      return void socket.end(`HTTP/1.1 ${status}\r\n\r\n`);
    }
    const onwards = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onwards).pipe(socket);
    });
    onwards.on('error', () => socket.destroy());
    socket.on('close', () => onwards.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, port: (server.address() as AddressInfo).port, asked };
};

describe('an agent behind an HTTP proxy', () => {
  const places: Record<string, number> = {};
  const hub = new TestHub();
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let authority: KeyPair;
  let server: Server;

  beforeAll(async () => {
    authority = await createAuthority(Date.now());
    const names = ['term.example.org', certificateName.hubForAgents];
    const pair = await issueCertificate(authority, { names, usage: 'server' }, Date.now());
    await hub.start(pair);
    const grpc = { addresses: ['hub.example.org:8081'], tls: true };
    const answer = JSON.stringify({ name: 'WebXTerm', version: '1', installation_id: 'i', grpc });
    server = createTlsServer(
      { cert: pair.certificate, key: pair.key },
      (_request, response) => void response.end(answer),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    places['term.example.org:443'] = (server.address() as AddressInfo).port;
    places['hub.example.org:8081'] = hub.port;
    proxy = await startProxy(() => places);
  });
  afterAll(() => {
    server.close();
    hub.kill();
    proxy.server.close();
    proxy.server.closeAllConnections();
  });

  const way = (credentials: string) => ({
    host: 'https://term.example.org',
    ca: authority.certificate,
    tls: true,
    proxy: `http://${credentials}127.0.0.1:${proxy.port}`,
  });

  it('reaches host and hub by CONNECT, with its password, bound to the TLS of the hub', async () => {
    const { stop } = await startTestAgent({ ...way('ann:p%40ss@'), grpc: undefined }, hub);
    onTestFinished(stop);
    expect(new Set(proxy.asked)).toEqual(new Set(['somebody term.example.org:443', 'somebody hub.example.org:8081']));
    expect(hub.hellos.at(-1)?.channelBinding).toHaveLength(32);
  });

  it('reports the answer of the proxy, and never its password', async () => {
    await expect(hubAddresses(way(''))).rejects.toThrow(/wants a user and a password/);
    const wrong = await hubAddresses(way('ann:wrong@')).catch((error: Error) => error.message);
    expect(wrong).toMatch(/others than those given/);
    expect(wrong).not.toContain('wrong');
    const elsewhere = { ...way('ann:p%40ss@'), host: 'https://other.example.org' };
    await expect(hubAddresses(elsewhere)).rejects.toThrow(/answered 403 to CONNECT other\.example\.org:443/);
    const gone = { ...way(''), proxy: 'http://127.0.0.1:1' };
    await expect(hubAddresses(gone)).rejects.toThrow(/The proxy 127\.0\.0\.1:1 cannot be reached/);
  });
});
