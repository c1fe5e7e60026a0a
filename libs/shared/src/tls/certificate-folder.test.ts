import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, issueCertificate, type KeyPair } from '@webxterm/stack/pki';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, type Logger } from '../log/logger.ts';
import { CertificateFolder, measureCertificates } from './certificate-folder.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const dayMs = 24 * 3_600_000;
const authority = await createAuthority(Date.now());
const issue = (): Promise<KeyPair> =>
  issueCertificate(authority, { names: ['localhost'], usage: 'server' }, Date.now());

let folder = '';
let open: CertificateFolder[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'));
});
afterEach(() => {
  for (const one of open) one.stop();
  open = [];
  rmSync(folder, { recursive: true });
});

const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const putPair = (pair: KeyPair): void => {
  put('tls.crt', pair.certificate);
  put('tls.key', pair.key);
};
const load = (
  options: { needsCa?: boolean; serveExpired?: boolean; now?: () => number; logger?: Logger } = {},
): CertificateFolder => {
  const made = new CertificateFolder({
    service: 'gateway',
    setting: 'TLS_DIR',
    folder,
    logger: options.logger ?? logger,
    needsCa: options.needsCa ?? false,
    serveExpired: options.serveExpired ?? false,
    now: options.now ?? Date.now,
  });
  open.push(made);
  return made;
};

describe('a folder of certificates', () => {
  it('gives what is in it, and what takes its place', async () => {
    const first = await issue();
    putPair(first);
    const certificates = load();
    expect(certificates.current.certificate.toString()).toBe(first.certificate);
    expect(certificates.current.caCertificate).toBeUndefined();
    const seen: string[] = [];
    certificates.onChange(({ certificate }) => seen.push(certificate.toString()));
    certificates.lookAgain();
    expect(seen).toEqual([]);
    const second = await issue();
    putPair(second);
    certificates.lookAgain();
    expect(seen).toEqual([second.certificate]);
  });

  it('keeps what it has when the new files are half written or of no use', async () => {
    const first = await issue();
    putPair(first);
    const certificates = load();
    put('tls.crt', (await issue()).certificate);
    certificates.lookAgain();
    expect(certificates.current.certificate.toString()).toBe(first.certificate);
    put('tls.crt', '');
    certificates.lookAgain();
    expect(certificates.current.certificate.toString()).toBe(first.certificate);
  });

  it('serves one that has ended where it is said so, loudly and each hour again, until there is a good one', async () => {
    const lines: string[] = [];
    const loud = createLogger({ service: 'test', level: 'error' }, { write: (line) => void lines.push(line) });
    const clock = { now: Date.now() + 400 * dayMs };
    const old = await issue();
    putPair(old);
    const certificates = load({ serveExpired: true, now: () => clock.now, logger: loud });
    expect(certificates.current.certificate.toString()).toBe(old.certificate);
    expect(lines.join()).toMatch(/THE CERTIFICATE HAS ENDED/);
    for (let look = 0; look < 3; look += 1) {
      certificates.lookAgain();
      expect(lines).toHaveLength(look + 1);
      clock.now += 3_600_000;
    }
    const renewed = await issueCertificate(authority, { names: ['localhost'], usage: 'server' }, clock.now);
    putPair(renewed);
    certificates.lookAgain();
    expect(certificates.current.certificate.toString()).toBe(renewed.certificate);
    putPair(old);
    certificates.lookAgain();
    expect(certificates.current.certificate.toString()).toBe(renewed.certificate);
  });

  it('tells when its certificate ends', async () => {
    putPair(await issue());
    const registry = new Registry();
    const certificates = load();
    measureCertificates(registry, [certificates]);
    expect(await registry.metrics()).toContain(
      `webxterm_certificate_valid_to_seconds{setting="TLS_DIR"} ${certificates.validTo / 1000}`,
    );
  });
});

describe('at the start, a folder is refused', () => {
  it('when a file is missing', async () => {
    expect(() => load()).toThrow(/TLS_DIR: .*tls\.crt cannot be read/);
    putPair(await issue());
    expect(() => load({ needsCa: true })).toThrow(/TLS_DIR: .*ca\.crt cannot be read/);
  });

  it('when certificate and key do not belong together', async () => {
    put('tls.crt', (await issue()).certificate);
    put('tls.key', (await issue()).key);
    expect(() => load()).toThrow(/do not belong together/);
  });

  it('when a file is no PEM', async () => {
    const pair = await issue();
    putPair({ ...pair, certificate: 'nothing' });
    expect(() => load()).toThrow(/tls\.crt holds no PEM certificate/);
    putPair({ ...pair, key: 'nothing' });
    expect(() => load()).toThrow(/tls\.key holds no PEM private key/);
  });

  it('when the certificate has ended or has not begun', async () => {
    putPair(await issue());
    expect(() => load({ now: () => Date.now() + 400 * dayMs })).toThrow(/ended at .*: renew it/);
    expect(() => load({ now: () => Date.now() - dayMs })).toThrow(/check the clock/);
  });
});
