import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createAuthority, fingerprint, issueCertificate, type KeyPair, stillServes } from './authority.ts';

const now = Date.now();
const dayMs = 24 * 3_600_000;

/** Whether a TLS client that trusts `ca` accepts a server with this certificate for `name`. */
const handshake = async (pair: KeyPair, ca: string, name: string): Promise<string> => {
  const server = createServer({ cert: pair.certificate, key: pair.key }, (socket) => socket.end());
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const socket = connect({ host: '127.0.0.1', port, servername: name, ca });
  try {
    return await new Promise((resolve) => {
      socket.once('secureConnect', () => resolve('trusted')).once('error', (error) => resolve(error.message));
    });
  } finally {
    socket.destroy();
    server.close();
  }
};

describe('the private CA', () => {
  it('is trusted for the names that it signed and for no other', async () => {
    const authority = await createAuthority(now);
    const pair = await issueCertificate(authority, { names: ['hub.example.org', '127.0.0.1'], usage: 'server' }, now);
    expect(await handshake(pair, authority.certificate, 'hub.example.org')).toBe('trusted');
    expect(await handshake(pair, authority.certificate, 'other.example.org')).toMatch(/does not match/);
    const foreign = await createAuthority(now);
    expect(await handshake(pair, foreign.certificate, 'hub.example.org')).toMatch(
      /unable to verify|self-signed|issuer/,
    );
  });

  it('signs clients that are no servers', async () => {
    const authority = await createAuthority(now);
    const pair = await issueCertificate(authority, { names: ['terminal.internal'], usage: 'client' }, now);
    expect(await handshake(pair, authority.certificate, 'terminal.internal')).toMatch(/purpose/);
  });

  it('is identified by a fingerprint', async () => {
    const { certificate } = await createAuthority(now);
    expect(fingerprint(certificate)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});

describe('a certificate', () => {
  it('is kept while its CA, its names and its validity are', async () => {
    const authority = await createAuthority(now);
    const names = ['hub.example.org', '10.0.0.7'];
    const { certificate } = await issueCertificate(authority, { names, usage: 'server' }, now);
    const serves = (ca: string, wanted: string[], at: number) => stillServes(certificate, ca, wanted, at);
    expect(serves(authority.certificate, names, now)).toBe(true);
    expect(serves(authority.certificate, [...names, 'new.example.org'], now)).toBe(false);
    expect(serves(authority.certificate, ['10.0.0.8'], now)).toBe(false);
    expect(serves(authority.certificate, names, now + 340 * dayMs)).toBe(false);
    expect(serves((await createAuthority(now)).certificate, names, now)).toBe(false);
    expect(stillServes('no certificate', authority.certificate, names, now)).toBe(false);
  });
});
