import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createAuthority, issueCertificate, type KeyPair } from '@webxterm/stack/pki';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hubAddresses } from './addresses.ts';
import { fingerprintOf } from './ask-host.ts';
import { pin, readFingerprint } from './pin.ts';

let authority: KeyPair;
let pair: KeyPair;
beforeAll(async () => {
  authority = await createAuthority(Date.now());
  pair = await issueCertificate(authority, { names: ['127.0.0.1', 'localhost'], usage: 'server' }, Date.now());
});

/** A host that responds like a gateway. */
const host = async (options: { https: boolean; ca?: string; tls?: boolean }): Promise<string> => {
  const answer = JSON.stringify({
    name: 'WebXTerm',
    version: '1',
    installation_id: 'i',
    grpc: { addresses: ['hub.example.org:8081'], tls: options.tls ?? true, ca: options.ca },
  });
  const listener: RequestListener = (_request, response) => void response.end(answer);
  const server = options.https
    ? createTlsServer({ cert: pair.certificate, key: pair.key }, listener)
    : createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `${options.https ? 'https' : 'http'}://127.0.0.1:${address.port}`;
};

describe('pinning the private CA', () => {
  it('takes it from a host on this very machine', async () => {
    const way = { host: await host({ https: false, ca: authority.certificate }), caFingerprint: undefined };
    expect(await pin(way)).toEqual({ ca: authority.certificate, tls: true });
  });

  it('stores only that TLS is used if the hubs have public certificates', async () => {
    expect(await pin({ host: await host({ https: false }), caFingerprint: undefined })).toEqual({
      ca: undefined,
      tls: true,
    });
  });

  it('requires the fingerprint where the private CA signed the certificate of the host itself', async () => {
    const https = await host({ https: true, ca: authority.certificate });
    const fingerprint = fingerprintOf(authority.certificate);
    await expect(pin({ host: https, caFingerprint: undefined })).rejects.toThrow(`--ca-fingerprint ${fingerprint}`);
    expect(await pin({ host: https, caFingerprint: fingerprint })).toEqual({ ca: authority.certificate, tls: true });
    const spelled = fingerprint
      .slice(7)
      .toUpperCase()
      .replace(/(..)(?!$)/g, '$1:');
    expect(await pin({ host: https, caFingerprint: spelled })).toMatchObject({ tls: true });
  });

  it('refuses a CA with another fingerprint', async () => {
    const other = fingerprintOf((await createAuthority(Date.now())).certificate);
    for (const https of [true, false]) {
      const way = { host: await host({ https, ca: authority.certificate }), caFingerprint: other };
      await expect(pin(way)).rejects.toThrow(/someone may stand between/);
    }
  });

  it('refuses a host whose certificate is of another CA than the one that it names', async () => {
    const named = await createAuthority(Date.now());
    const way = {
      host: await host({ https: true, ca: named.certificate }),
      caFingerprint: fingerprintOf(named.certificate),
    };
    await expect(pin(way)).rejects.toThrow(/cannot be reached/);
  });

  it('refuses an invalid fingerprint, and a fingerprint for a host without a private CA', async () => {
    expect(() => readFingerprint('sha256:123')).toThrow(/64 hexadecimal digits/);
    const way = { host: await host({ https: false }), caFingerprint: fingerprintOf(authority.certificate) };
    await expect(pin(way)).rejects.toThrow(/names no private CA/);
  });
});

describe('an agent with a pinned CA', () => {
  it('keeps it whatever CA the host names later', async () => {
    const other = await createAuthority(Date.now());
    const way = { host: await host({ https: false, ca: other.certificate }), ca: authority.certificate, tls: true };
    expect((await hubAddresses(way)).ca).toBe(authority.certificate);
  });

  it('never connects without TLS', async () => {
    const plain = await host({ https: false, tls: false });
    await expect(hubAddresses({ host: plain, ca: authority.certificate, tls: true })).rejects.toThrow(
      /configured with TLS/,
    );
    await expect(hubAddresses({ host: plain, tls: true })).rejects.toThrow(/configured with TLS/);
    expect(await hubAddresses({ host: plain, grpc: '127.0.0.1:1', tls: true })).toMatchObject({ tls: true });
  });
});
