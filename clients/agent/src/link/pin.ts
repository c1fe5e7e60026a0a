import { exitCode, Failure } from '../failure.ts';
import { discover, type HubAddresses, isTrustworthy } from './addresses.ts';
import { fingerprintOf, isUntrusted } from './ask-host.ts';
import type { ProxySettings } from './proxy.ts';

/** The trust settings that `configure` stores. */
export type Pinned = { ca: string | undefined; tls: boolean };

type Options = ProxySettings & { host: string; caFingerprint: string | undefined };

const hex = /^[0-9a-f]{64}$/;

/** Normalises a fingerprint: `AB:CD:…` and `sha256:abcd…` are equal. @throws Failure */
export const readFingerprint = (text: string): string => {
  const plain = text
    .trim()
    .toLowerCase()
    .replaceAll(':', '')
    .replace(/^sha256/, '');
  if (!hex.test(plain))
    throw new Failure('--ca-fingerprint must be sha256: and 64 hexadecimal digits.', exitCode.usage);
  return `sha256:${plain}`;
};

/**
 * Determines once, at `configure`, how hubs are verified. A private CA is accepted if the host's answer is trustworthy, or if it has the
 * given fingerprint.
 * @throws Failure if the CA cannot be trusted, or if the host is unreachable (then with the connection's error as cause)
 */
export const pin = async ({ host, caFingerprint, ...proxy }: Options): Promise<Pinned> => {
  const expected = caFingerprint === undefined ? undefined : readFingerprint(caFingerprint);
  const offered = await ask(host, expected, proxy);
  if (offered.ca === undefined) {
    if (expected !== undefined)
      throw new Failure(`${host} names no private CA: leave --ca-fingerprint out.`, exitCode.usage);
    return { ca: undefined, tls: offered.tls };
  }
  const found = fingerprintOf(offered.ca);
  if (expected !== undefined && found !== expected)
    throw new Failure(
      `The private CA of ${host} has the fingerprint ${found}, not ${expected}: someone may stand between. Nothing was configured.`,
      exitCode.refused,
    );
  if (expected === undefined && !isTrustworthy(host)) throw unproven(host, found);
  return { ca: offered.ca, tls: true };
};

/** The host's own certificate may also be from the private CA. Then its answer counts only with the right fingerprint. */
const ask = async (host: string, expected: string | undefined, proxy: ProxySettings): Promise<HubAddresses> => {
  try {
    return await discover(host, 'public', proxy);
  } catch (error) {
    if (!(error instanceof Failure) || !isUntrusted(error.cause)) throw error;
    const offered = await discover(host, 'anyone', proxy);
    if (offered.ca === undefined)
      throw new Failure(`The certificate of ${host} is of no CA that this machine knows.`, exitCode.refused);
    if (expected === undefined) throw unproven(host, fingerprintOf(offered.ca));
    if (fingerprintOf(offered.ca) === expected) return discover(host, { ca: offered.ca }, proxy);
    return offered;
  }
};

const unproven = (host: string, fingerprint: string): Failure =>
  new Failure(
    `${host} has a private CA with the fingerprint ${fingerprint}. If that is what its operator says, repeat this with --ca-fingerprint ${fingerprint}.`,
    exitCode.refused,
  );
