import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { Gauge, type Registry } from 'prom-client';
import { ConfigError } from '../config/config.ts';
import type { Logger } from '../log/logger.ts';
import { type PemFile, readCertificateFiles } from './certificate-files.ts';

/** PEM bytes. */
export interface Certificates {
  /** The certificate, and those between it and its CA. */
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  /** Whom peers are trusted by; undefined when the folder has no `ca.crt`. */
  readonly caCertificate: Buffer | undefined;
}

export interface CertificateFolderOptions {
  readonly service: string;
  /** The setting that names the folder, for messages. */
  readonly setting: string;
  /** Holds `tls.crt` and `tls.key`, as a Kubernetes TLS secret does, or certbot's `fullchain.pem` and `privkey.pem`; and perhaps `ca.crt`. */
  readonly folder: string;
  /** Peers are verified: `ca.crt` must be there. */
  readonly needsCa: boolean;
  /** An ended certificate is taken all the same, with an error in the log every hour: people can still get in past a warning of their browser. */
  readonly serveExpired?: boolean;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** Renewed files are seen this much later at most. */
const lookAgainMs = 10_000;
const tellOfEndMs = 3_600_000;
const warnBeforeMs = 14 * 24 * 3_600_000;

type Listener = (certificates: Certificates) => void;

/**
 * The certificate of one port, read from its folder and again when its files change (within 10 s, at once on SIGHUP). What cannot be used is refused at the
 * start; later it is logged, and what was there stays in use.
 */
export class CertificateFolder {
  readonly #options: CertificateFolderOptions;
  readonly #listeners = new Set<Listener>();
  readonly #timer: NodeJS.Timeout;
  #current: Certificates;
  #complaint = '';
  #toldOfEndAt = 0;
  readonly #onHangUp = (): void => this.lookAgain();

  /** @throws ConfigError that says which setting, what is wrong with it and how to mend it */
  constructor(options: CertificateFolderOptions) {
    this.#options = options;
    try {
      this.#current = readFolder(options, this.#now());
    } catch (error) {
      throw new ConfigError(options.service, [`${options.setting}: ${reason(error)}`]);
    }
    this.#warnBeforeTheEnd();
    this.#timer = setInterval(() => this.lookAgain(), lookAgainMs);
    this.#timer.unref();
    process.on('SIGHUP', this.#onHangUp);
  }

  get current(): Certificates {
    return this.#current;
  }

  get setting(): string {
    return this.#options.setting;
  }

  /** When the certificate ends, Unix time in ms. */
  get validTo(): number {
    return new X509Certificate(this.#current.certificate).validToDate.getTime();
  }

  /** Called with each later change. */
  onChange(listener: Listener): void {
    this.#listeners.add(listener);
  }

  removeListener(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Reads the files now, as it does every 10 s by itself, and at SIGHUP. */
  lookAgain(): void {
    const { logger, setting } = this.#options;
    try {
      // A good one is not given up for one that has ended.
      const serveExpired = this.#options.serveExpired === true && this.validTo <= this.#now();
      const found = readFolder({ ...this.#options, serveExpired }, this.#now());
      this.#complaint = '';
      if (same(found, this.#current)) {
        if (this.validTo <= this.#now() && this.#now() - this.#toldOfEndAt >= tellOfEndMs) this.#warnBeforeTheEnd();
        return;
      }
      this.#current = found;
      for (const listener of this.#listeners) listener(found);
      logger.info({ setting, valid_to: new X509Certificate(found.certificate).validTo }, 'certificate renewed');
      this.#warnBeforeTheEnd();
    } catch (error) {
      const complaint = reason(error);
      if (complaint !== this.#complaint)
        logger.error({ setting, reason: complaint }, 'the certificate on disk cannot be used; the one before stays');
      this.#complaint = complaint;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    process.off('SIGHUP', this.#onHangUp);
    this.#listeners.clear();
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #warnBeforeTheEnd(): void {
    const { logger, setting } = this.#options;
    const left = this.validTo - this.#now();
    this.#toldOfEndAt = this.#now();
    if (left <= 0)
      logger.error(
        { setting, valid_to: new Date(this.validTo).toISOString() },
        'THE CERTIFICATE HAS ENDED and is served all the same: browsers warn, agents that verify it stay away. Renew it now; new files are taken within 10 s',
      );
    else if (left < warnBeforeMs)
      logger.warn({ setting, valid_to: new Date(this.validTo).toISOString() }, 'the certificate ends soon: renew it');
  }
}

/** Tells when each certificate of a service ends, to alert on. */
export const measureCertificates = (registry: Registry, folders: readonly CertificateFolder[]): void => {
  const gauge = new Gauge({
    name: 'webxterm_certificate_valid_to_seconds',
    help: 'When the certificate that a setting names ends, Unix time',
    labelNames: ['setting'],
    registers: [registry],
    collect: () => {
      for (const folder of folders) gauge.set({ setting: folder.setting }, folder.validTo / 1000);
    },
  });
};

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const same = (a: Certificates, b: Certificates): boolean =>
  a.certificate.equals(b.certificate) &&
  a.privateKey.equals(b.privateKey) &&
  Buffer.compare(a.caCertificate ?? Buffer.alloc(0), b.caCertificate ?? Buffer.alloc(0)) === 0;

const readFolder = ({ folder, needsCa, serveExpired }: CertificateFolderOptions, now: number): Certificates => {
  const { certificate, key, ca } = readCertificateFiles(folder);
  if (ca === undefined && needsCa)
    throw new Error(`${join(folder, 'ca.crt')} is missing: it holds the CA that peers are verified by`);
  checkPair(certificate, key, now, serveExpired === true);
  if (ca !== undefined) parse(ca);
  return { certificate: certificate.pem, privateKey: key.pem, caCertificate: ca?.pem };
};

const parse = ({ path, pem }: PemFile): X509Certificate => {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Error(`${path} holds no PEM certificate`);
  }
};

const parseKey = ({ path, pem }: PemFile): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error(`${path} holds no PEM private key without a passphrase`);
  }
};

const checkPair = (certificate: PemFile, key: PemFile, now: number, serveExpired: boolean): void => {
  const parsed = parse(certificate);
  if (!parsed.checkPrivateKey(parseKey(key)))
    throw new Error(`${certificate.path} and ${key.path} do not belong together`);
  if (parsed.validToDate.getTime() <= now && !serveExpired)
    throw new Error(`the certificate ${certificate.path} ended at ${parsed.validTo}: renew it`);
  if (parsed.validFromDate.getTime() > now)
    throw new Error(`the certificate ${certificate.path} is good from ${parsed.validFrom} on: check the clock`);
};
