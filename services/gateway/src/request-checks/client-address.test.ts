import { describe, expect, it } from 'vitest';
import { clientOf, TrustedProxies } from './client-address.ts';

const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
const plain = (address: string) => ({ address, encrypted: false });
const ipOf = (peer: string, forwarded?: string): string =>
  clientOf(proxies, plain(peer), forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }).clientIp;

describe("the client's address", () => {
  it('is the peer if the peer is no trusted proxy, whatever its headers are', () => {
    expect(ipOf('203.0.113.5', '127.0.0.1')).toBe('203.0.113.5');
    expect(clientOf(proxies, plain('203.0.113.5'), { 'x-forwarded-proto': 'https' }).proto).toBe('http');
    expect(clientOf(new TrustedProxies([]), plain('127.0.0.1'), { 'x-forwarded-for': '1.2.3.4' }).clientIp).toBe(
      '127.0.0.1',
    );
  });

  it('is the first from the right that is no trusted proxy', () => {
    expect(ipOf('10.1.2.3', '127.0.0.1, 198.51.100.9')).toBe('198.51.100.9');
    expect(ipOf('10.1.2.3', '6.6.6.6, 198.51.100.9, 192.0.2.7')).toBe('198.51.100.9');
    expect(ipOf('fd00::1', '2001:db8::5')).toBe('2001:db8::5');
  });

  it('stops at an entry that is no address, and stays the peer without a header', () => {
    expect(ipOf('10.1.2.3', '6.6.6.6, unknown')).toBe('10.1.2.3');
    expect(ipOf('10.1.2.3')).toBe('10.1.2.3');
    expect(ipOf('::ffff:10.1.2.3', '::ffff:198.51.100.9')).toBe('198.51.100.9');
    expect(ipOf('::ffff:a01:203', '::ffff:c633:6409')).toBe('198.51.100.9');
    expect(ipOf('fd00::1%eth0', 'fe80::9%eth0')).toBe('fe80::9%eth0');
    expect(ipOf('10.1.2.3', '6.6.6.6, 127.1')).toBe('10.1.2.3');
  });

  it('from an untrusted proxy is ignored, and the proxy is named once', () => {
    const some = new TrustedProxies(['10.0.0.0/8']);
    const from = (address: string, headers = {}) => some.firstUntrusted({ address, headers });
    const forwarded = { 'x-forwarded-for': '198.51.100.9' };
    expect([from('192.0.2.7'), from('10.1.1.1', forwarded), from('::ffff:192.0.2.7', forwarded)]).toEqual([
      undefined,
      undefined,
      '192.0.2.7',
    ]);
    expect([from('192.0.2.7', forwarded), from('192.0.2.8', forwarded)]).toEqual([undefined, undefined]);
  });

  it('has the scheme https if the gateway itself uses TLS', () => {
    const peer = { address: '203.0.113.5', encrypted: true };
    expect(clientOf(proxies, peer, { 'x-forwarded-proto': 'http' }).proto).toBe('https');
  });

  it('takes the scheme from the nearest proxy', () => {
    expect(clientOf(proxies, plain('10.1.2.3'), { 'x-forwarded-proto': 'http, https' }).proto).toBe('https');
  });
});

it('the protocol is the one that the last proxy names, and http without it', () => {
  const proxies = new TrustedProxies(['10.0.0.1']);
  const protoOf = (forwarded: string | undefined): string =>
    clientOf(
      proxies,
      { address: '10.0.0.1', encrypted: true },
      forwarded === undefined ? {} : { 'x-forwarded-proto': forwarded },
    ).proto;
  expect(['https', 'http, https', 'https, http', 'http', '', undefined].map(protoOf)).toEqual([
    ...['https', 'https', 'http', 'http', 'http', 'http'],
  ]);
});
