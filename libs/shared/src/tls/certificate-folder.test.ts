import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
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
  options: { from?: string; needsCa?: boolean; serveExpired?: boolean; now?: () => number; logger?: Logger } = {},
): CertificateFolder => {
  const made = new CertificateFolder({
    service: 'gateway',
    setting: 'TLS_DIR',
    folder: options.from ?? folder,
    logger: options.logger ?? logger,
    needsCa: options.needsCa ?? false,
    serveExpired: options.serveExpired ?? false,
    now: options.now ?? Date.now,
  });
  open.push(made);
  return made;
};

describe('a folder of certificates', () => {
  it('provides its content, and the content that replaces it', async () => {
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

  it('keeps its certificate if the new files are incomplete or unusable', async () => {
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

  it('serves an expired certificate if it is configured so, with a warning each hour, until there is a valid one', async () => {
    const lines: string[] = [];
    const loud = createLogger({ service: 'test', level: 'error' }, { write: (line) => void lines.push(line) });
    const clock = { now: Date.now() + 400 * dayMs };
    const old = await issue();
    putPair(old);
    const certificates = load({ serveExpired: true, now: () => clock.now, logger: loud });
    expect(certificates.current.certificate.toString()).toBe(old.certificate);
    expect(lines.join()).toMatch(/THE CERTIFICATE HAS EXPIRED/);
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

  it('exports when its certificate ends', async () => {
    putPair(await issue());
    const registry = new Registry();
    const certificates = load();
    measureCertificates(registry, [certificates]);
    expect(await registry.metrics()).toContain(
      `webxterm_certificate_valid_to_seconds{setting="TLS_DIR"} ${certificates.validTo / 1000}`,
    );
  });
});

describe('the files of certbot', () => {
  /** Creates files in certbot's layout: live/NAME has links to the files of the last renewal in archive/NAME. @returns live/NAME */
  const renew = (pair: KeyPair, round: number): string => {
    const [live, archive] = ['live', 'archive'].map((name) => join(folder, name, 'term.example.org'));
    if (live === undefined || archive === undefined) throw new Error('two folders');
    for (const each of [live, archive]) mkdirSync(each, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries({ fullchain: pair.certificate, privkey: pair.key })) {
      writeFileSync(join(archive, `${name}${round}.pem`), text, { mode: 0o600 });
      rmSync(join(live, `${name}.pem`), { force: true });
      symlinkSync(`../../archive/term.example.org/${name}${round}.pem`, join(live, `${name}.pem`));
    }
    return live;
  };

  it('are read through their links, and the files of a renewal replace them', async () => {
    const [first, second] = [await issue(), await issue()];
    const certificates = load({ from: renew(first, 1) });
    expect(certificates.current.certificate.toString()).toBe(first.certificate);
    renew(second, 2);
    certificates.lookAgain();
    expect(certificates.current.certificate.toString()).toBe(second.certificate);
    expect(certificates.current.privateKey.toString()).toBe(second.key);
  });

  it('are refused by name if only the links are mounted', async () => {
    const live = renew(await issue(), 1);
    rmSync(join(folder, 'archive'), { recursive: true });
    expect(() => load({ from: live })).toThrow(
      /fullchain\.pem is a link to \.\.\/\.\.\/archive\/term\.example\.org\/fullchain1\.pem, which is not there/,
    );
  });

  it('are refused with path, uid and the command if this user cannot read them', async () => {
    const live = renew(await issue(), 1);
    const isRoot = process.getuid?.() === 0;
    const refusal = (): unknown => {
      // Root can read everything.
      if (isRoot) process.seteuid?.(10_001);
      try {
        load({ from: live });
      } catch (error) {
        return error;
      } finally {
        if (isRoot) process.seteuid?.(0);
      }
      return undefined;
    };
    const uid = isRoot ? 10_001 : process.getuid?.();
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'live'), isRoot ? 0o700 : 0o000);
    expect(String(refusal())).toContain(`TLS_DIR: ${live} may not be read by uid ${uid}: copy certificate and key`);
    for (const name of ['live', 'archive'])
      for (const each of [join(folder, name), join(folder, name, 'term.example.org')]) chmodSync(each, 0o755);
    chmodSync(join(folder, 'archive/term.example.org/privkey1.pem'), isRoot ? 0o600 : 0o000);
    chmodSync(join(folder, 'archive/term.example.org/fullchain1.pem'), 0o644);
    expect(String(refusal())).toMatch(
      new RegExp(`/live/term.example.org/privkey.pem may not be read by uid ${uid}: .*install -o ${uid} -m 0400`),
    );
  });

  it('are copied by the hook of docs/operations.md, for the user of the containers alone', async () => {
    const docs = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8');
    const hook = /```sh\n(#!\/bin\/sh\n[^`]*RENEWED_LINEAGE[^`]*)```/.exec(docs)?.[1] ?? '';
    expect(hook).toContain('-o 10001');
    const copies = join(folder, 'copies');
    const own = hook.replaceAll('/etc/webxterm/tls', copies).replaceAll('-o 10001', `-o ${process.getuid?.()}`);
    for (const round of [1, 2]) {
      const pair = await issue();
      execFileSync('env', [`RENEWED_LINEAGE=${renew(pair, round)}`, 'sh', '-c', own]);
      expect(load({ from: copies }).current.certificate.toString()).toBe(pair.certificate);
      expect(statSync(join(copies, 'privkey.pem')).mode & 0o777).toBe(0o400);
    }
  });
});

describe('at the start, a folder is refused', () => {
  it('when a file is missing', async () => {
    expect(() => load()).toThrow(
      /TLS_DIR: .* holds no certificate: put tls\.crt and tls\.key there, or fullchain\.pem and privkey\.pem/,
    );
    putPair(await issue());
    expect(() => load({ needsCa: true })).toThrow(/TLS_DIR: .*ca\.crt is missing/);
  });

  it('when certificate and key do not belong together', async () => {
    put('tls.crt', (await issue()).certificate);
    put('tls.key', (await issue()).key);
    expect(() => load()).toThrow(/do not belong together/);
  });

  it('when a file is not PEM', async () => {
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
