import { exitCode, Failure } from '../failure.ts';
import { discover, type HubAddresses, isTrustworthy } from './addresses.ts';
import { fingerprintOf, isUntrusted } from './ask-host.ts';
import type { ProxySettings } from './proxy.ts';

/** What `configure` keeps about the way to the hubs. */
export type Pinned = { ca: string | undefined; tls: boolean };

type Options = ProxySettings & { host: string; caFingerprint: string | undefined };

const hex = /^[0-9a-f]{64}$/;

/** `AB:CD:…` and `sha256:abcd…` are the same. @throws Failure */
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
 * Finds out whom to trust on the way to the hubs, once, when the agent is configured. A private CA is taken from a host that
 * nobody can speak for, or when its fingerprint is the one that was given.
 * @throws Failure when it cannot be trusted; with the cause of the connection's error when the host cannot be asked now
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

/** The host's own certificate may be of the private CA, too: then its word counts only with the fingerprint. */
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
