import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { Gauge, type Registry } from 'prom-client';
import { ConfigError } from '../config/config.ts';
import { reasonOf } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import { type PemFile, readCertificateFiles } from './certificate-files.ts';

/** PEM bytes. */
export interface Certificates {
  /** The certificate and its intermediate certificates. */
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  /** The CA that signs the certificates of peers. Undefined if the folder has no `ca.crt`. */
  readonly caCertificate: Buffer | undefined;
}

export interface CertificateFolderOptions {
  readonly service: string;
  /** The name of the setting for the folder, used in messages. */
  readonly setting: string;
  /**
   * Contains `tls.crt` and `tls.key`, as in a Kubernetes TLS secret, or certbot's `fullchain.pem` and `privkey.pem`; optionally `ca.crt`.
   */
  readonly folder: string;
  /** Whether peers are verified, which requires `ca.crt`. */
  readonly needsCa: boolean;
  /**
   * Serves an expired certificate, with an error in the log every hour, so that people can still continue past the warning of their
   * browser.
   */
  readonly serveExpired?: boolean;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** The interval at which the files are checked for changes, in ms. */
const lookAgainMs = 10_000;
const warnOfEndEveryMs = 3_600_000;
const warnBeforeMs = 14 * 24 * 3_600_000;

type Listener = (certificates: Certificates) => void;

/**
 * The certificate of one port. It is read from its folder at the start and again when its files change (within 10 s, at once on SIGHUP).
 * Unusable files prevent the start. Later they are logged, and the previous certificate stays in use.
 */
export class CertificateFolder {
  readonly #options: CertificateFolderOptions;
  readonly #listeners = new Set<Listener>();
  readonly #timer: NodeJS.Timeout;
  #current: Certificates;
  #complaint = '';
  #warnedOfEndAt = 0;
  readonly #onHangUp = (): void => this.lookAgain();

  /** @throws ConfigError that names the setting, the problem and the remedy */
  constructor(options: CertificateFolderOptions) {
    this.#options = options;
    try {
      this.#current = readFolder(options, this.#now());
    } catch (error) {
      throw new ConfigError(options.service, [`${options.setting}: ${reasonOf(error)}`]);
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

  /** Expiry of the certificate, Unix time in ms. */
  get validTo(): number {
    return new X509Certificate(this.#current.certificate).validToDate.getTime();
  }

  /** `listener` is called after each later change. */
  onChange(listener: Listener): void {
    this.#listeners.add(listener);
  }

  removeListener(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Reads the files now. It also runs every 10 s and on SIGHUP. */
  lookAgain(): void {
    const { logger, setting } = this.#options;
    try {
      // A valid certificate is not replaced by an expired one.
      const serveExpired = this.#options.serveExpired === true && this.validTo <= this.#now();
      const found = readFolder({ ...this.#options, serveExpired }, this.#now());
      this.#complaint = '';
      if (same(found, this.#current)) {
        if (this.validTo <= this.#now() && this.#now() - this.#warnedOfEndAt >= warnOfEndEveryMs)
          this.#warnBeforeTheEnd();
        return;
      }
      this.#current = found;
      for (const listener of this.#listeners) listener(found);
      logger.info({ setting, valid_to: new X509Certificate(found.certificate).validTo }, 'certificate renewed');
      this.#warnBeforeTheEnd();
    } catch (error) {
      const complaint = reasonOf(error);
      if (complaint !== this.#complaint)
        logger.error(
          { setting, reason: complaint },
          'the certificate on disk cannot be used; the previous one stays in use',
        );
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
    this.#warnedOfEndAt = this.#now();
    if (left <= 0)
      logger.error(
        { setting, valid_to: new Date(this.validTo).toISOString() },
        'THE CERTIFICATE HAS EXPIRED and is still served: browsers warn, agents that verify it do not connect. Renew it now; new files are read within 10 s',
      );
    else if (left < warnBeforeMs)
      logger.warn(
        { setting, valid_to: new Date(this.validTo).toISOString() },
        'the certificate expires soon: renew it',
      );
  }
}

/** Exports the expiry of each certificate of a service as a metric for alerts. */
export const measureCertificates = (registry: Registry, folders: readonly CertificateFolder[]): void => {
  const gauge = new Gauge({
    name: 'webxterm_certificate_valid_to_seconds',
    help: 'Expiry of the certificate of this setting, Unix time',
    labelNames: ['setting'],
    registers: [registry],
    collect: () => {
      for (const folder of folders) gauge.set({ setting: folder.setting }, folder.validTo / 1000);
    },
  });
};

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
