import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allowedAddresses, discover, hubAddresses, shuffled } from './addresses.ts';

const serve = async (status: number, body: string, headers: Record<string, string> = {}): Promise<string> => {
  const server = createServer((_request, response) => response.writeHead(status, headers).end(body));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
};

const answer = {
  name: 'WebXTerm',
  version: '1',
  installation_id: 'i',
  grpc: { addresses: ['127.0.0.1:8081', '127.0.0.1:8082'], tls: false },
};

describe('the addresses of the hubs', () => {
  it('come from the host', async () => {
    const host = await serve(200, JSON.stringify(answer));
    expect(await hubAddresses({ host })).toEqual({ ...answer.grpc, ca: undefined });
  });

  it('come from the configuration where it has one', async () => {
    expect(await hubAddresses({ host: 'http://127.0.0.1:1', grpc: '127.0.0.1:9' })).toEqual({
      addresses: ['127.0.0.1:9'],
      tls: false,
      ca: undefined,
    });
    expect(await hubAddresses({ host: 'http://x', grpc: 'hub.example.org:443' })).toMatchObject({ tls: true });
  });

  it('explain why a host is invalid', async () => {
    await expect(discover(await serve(404, ''), 'public')).rejects.toThrow(/answered 404: is that the address/);
    await expect(discover(await serve(200, '<html>'), 'public')).rejects.toThrow(/not the answer of a WebXTerm/);
    await expect(discover('http://127.0.0.1:1', 'public')).rejects.toThrow(/127\.0\.0\.1:1 cannot be reached/);
  });

  it('report where a host redirects to, above all to https', async () => {
    const location = 'https://term.example.org/.well-known/webxterm';
    for (const status of [301, 302, 307, 308])
      await expect(discover(await serve(status, '', { location }), 'public')).rejects.toThrow(
        /use https: --host https:\/\/term\.example\.org$/,
      );
    await expect(discover(await serve(302, '', { location: '/login' }), 'public')).rejects.toThrow(
      /address of a WebXTerm/,
    );
  });

  it('are dialled without TLS on loopback only, whatever the host announces', () => {
    expect(() => allowedAddresses({ addresses: ['hub.example.org:8081'], tls: false, ca: undefined })).toThrow(
      /set up TLS/,
    );
    expect(() => allowedAddresses({ addresses: ['127.0.0.1.example.org:8081'], tls: false, ca: undefined })).toThrow(
      /set up TLS/,
    );
    expect(allowedAddresses({ addresses: ['10.0.0.1:1', '[::1]:2'], tls: false, ca: undefined }).addresses).toEqual([
      '[::1]:2',
    ]);
  });

  it('are tried in random order', () => {
    expect(shuffled([1, 2, 3], () => 0)).toEqual([2, 3, 1]);
    expect(shuffled([1, 2, 3], () => 0.99)).toEqual([1, 2, 3]);
  });
});
