import 'reflect-metadata'; // must be loaded before @peculiar/x509
import { X509Certificate as Parsed, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** PEM texts. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** DNS names and addresses. The first is the subject. */
  readonly names: readonly string[];
  /** Role of the holder: a server, or a service that connects to one. */
  readonly usage: 'server' | 'client';
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 3_600_000;
const authorityDays = 3650;
/** Browsers and macOS accept at most 398 days. */
const certificateDays = 397;
/** The next set-up renews a certificate when less than this is left. */
const renewalDays = 60;
/** Certificates start this long in the past, because clocks of agents may be slow. */
const backdatedMs = 3_600_000;

x509.cryptoProvider.set(webcrypto);

const validity = (now: number, days: number) => ({
  notBefore: new Date(now - backdatedMs),
  notAfter: new Date(now + days * dayMs),
});

const serialNumber = (): string => `01${randomBytes(15).toString('hex')}`;

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const keyToPem = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;

const keyFromPem = (pem: string): Promise<webcrypto.CryptoKey> => {
  const [der] = x509.PemConverter.decode(pem);
  if (der === undefined) throw new Error('the key of the private CA is not PEM');
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
};

/** Creates the private CA of one installation. It signs certificates of servers and services, but no further CA. */
export const createAuthority = async (now: number): Promise<KeyPair> => {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=WebXTerm private CA ${randomBytes(4).toString('hex')}`,
    ...validity(now, authorityDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await keyToPem(keys.privateKey) };
};

/** Issues a certificate of the private CA for these names. */
export const issueCertificate = async (
  authority: KeyPair,
  { names, usage }: CertificateRequest,
  now: number,
): Promise<KeyPair> => {
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${names[0] ?? ''}`,
    issuer: issuer.subject,
    ...validity(now, certificateDays),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await keyFromPem(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage === 'server' ? 'serverAuth' : 'clientAuth']]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await keyToPem(keys.privateKey) };
};

/** Whether a certificate can be kept: signed by this CA, valid for all these names, and for two more months. */
export const stillServes = (pem: string, authority: string, names: readonly string[], now: number): boolean => {
  try {
    const certificate = new Parsed(pem);
    const left = certificate.validToDate.getTime() - now;
    return (
      certificate.verify(new Parsed(authority).publicKey) &&
      left > renewalDays * dayMs &&
      names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined)
    );
  } catch {
    return false;
  }
};

/** `sha256:` and 64 hexadecimal digits: the hash of the certificate's DER bytes, which people compare. */
export const fingerprint = (pem: string): string =>
  `sha256:${new Parsed(pem).fingerprint256.replaceAll(':', '').toLowerCase()}`;
