import { splitHostAndPort } from '@webxterm/contracts/host-and-port';
import { isLoopback } from '@webxterm/contracts/loopback';
import type { WellKnown } from '@webxterm/contracts/rest';
import * as v from 'valibot';
import { describeError, exitCode, Failure } from '../failure.ts';
import { askHost, type HostAnswer, type Trust } from './ask-host.ts';
import { isAboutDates, wrongClock } from './clock.ts';
import type { ProxySettings } from './proxy.ts';

/** Addresses of hubs, and the CA that they are verified with: a private one (PEM), or the public ones. */
export type HubAddresses = { addresses: string[]; tls: boolean; ca: string | undefined };

/** The settings for reaching the hubs. */
export type Way = ProxySettings & {
  host: string;
  grpc?: string | undefined;
  ca?: string | undefined;
  tls?: boolean | undefined;
};

/** The part of the host's answer that the agent uses. The contract's own schema would need 20 MB (zod, and all routes). */
const Answer: v.GenericSchema<unknown, Pick<WellKnown, 'grpc'>> = v.object({
  grpc: v.object({ addresses: v.array(v.string()), tls: v.boolean(), ca: v.optional(v.string()) }),
});

/** Whether the host's statement about its CA can be trusted: it arrives by https or over loopback, so it cannot be changed in transit. */
export const isTrustworthy = (host: string): boolean => host.startsWith('https:') || isLoopback(new URL(host).hostname);

/**
 * The hubs that may be dialled. Plain connections are allowed to loopback only, whatever the server offers.
 * @throws Failure if none is left
 */
export const allowedAddresses = (offered: HubAddresses): HubAddresses => {
  if (offered.tls) return offered;
  const addresses = offered.addresses.filter((address) => isLoopback(splitHostAndPort(address).host));
  if (addresses.length > 0) return { ...offered, addresses };
  throw new Failure(
    `The server offers only unencrypted connections (${offered.addresses.join(', ') || 'no address at all'}), and those are taken on loopback only: set up TLS for the hub.`,
  );
};

const wellKnown = (host: string): string => `${host}/.well-known/webxterm`;

/** ` The clock …` if a certificate was rejected for its dates and the host's clock differs from ours. Otherwise empty. */
export const clockHint = async (host: string, error: unknown, proxy: ProxySettings): Promise<string> => {
  if (!(error instanceof Error) || !isAboutDates(error)) return '';
  // The time is unverified, so it only affects the message.
  const date = await askHost(wellKnown(host), 'anyone', proxy).then(
    (answer) => answer.date,
    () => undefined,
  );
  const hint = date === undefined ? undefined : wrongClock(Date.now(), date);
  return hint === undefined ? '' : ` ${hint}`;
};

const sentElsewhere = (host: string, location: string | undefined): Failure => {
  const there = location !== undefined && URL.canParse(location, host) ? new URL(location, host).origin : undefined;
  const advice =
    there === undefined || there === host
      ? 'is that the address of a WebXTerm?'
      : there.startsWith('https:') && host.startsWith('http:')
        ? `use https: --host ${there}`
        : `use --host ${there}, if that is the same WebXTerm.`;
  return new Failure(`${host} sends everybody to ${there ?? 'another place'}: ${advice}`, exitCode.usage);
};

/**
 * Asks the host for its hubs.
 * @throws Failure that describes the problem of the host; its cause is the connection's error
 */
export const discover = async (host: string, trust: Trust, proxy: ProxySettings = {}): Promise<HubAddresses> => {
  const url = wellKnown(host);
  const { status, body, location } = await askHost(url, trust, proxy).catch(
    async (error: unknown): Promise<HostAnswer> => {
      const clock = await clockHint(host, error, proxy);
      throw new Failure(`${host} cannot be reached: ${describeError(error)}.${clock}`, 1, { cause: error });
    },
  );
  if (status >= 300 && status < 400) throw sentElsewhere(host, location);
  if (status !== 200) throw new Failure(`${url} answered ${status}: is that the address of a WebXTerm?`);
  try {
    const { grpc } = v.parse(Answer, JSON.parse(body));
    return { addresses: grpc.addresses, tls: grpc.tls, ca: grpc.ca };
  } catch (error) {
    throw new Failure(`${url} is not the answer of a WebXTerm: is that the right host?`, 1, { cause: error });
  }
};

/**
 * The hubs to dial: the configured one, or those named by the host. A pinned CA and TLS are never given up.
 * @throws Failure
 */
export const hubAddresses = async (way: Way): Promise<HubAddresses> => {
  const { host, grpc, ca } = way;
  if (grpc !== undefined) {
    const tls = way.tls === true || ca !== undefined || !isLoopback(splitHostAndPort(grpc).host);
    return { addresses: [grpc], tls, ca };
  }
  const offered = await discover(host, ca === undefined ? 'public' : { ca }, way);
  if (!offered.tls && (way.tls === true || ca !== undefined))
    throw new Failure(
      `${host} offers unencrypted connections now, and this agent was configured with TLS. If that is meant, configure it again.`,
    );
  if (ca === undefined && offered.ca !== undefined && !isTrustworthy(host))
    throw new Failure(
      `${host} has hubs with a private CA, and what it says by http anyone could have said: run "vsay-agent configure" again with --ca-fingerprint.`,
    );
  return allowedAddresses({ ...offered, ca: ca ?? offered.ca });
};

/** A new array in random order, which spreads agents over the hubs. */
export const shuffled = <T>(list: readonly T[], random: () => number = Math.random): T[] => {
  const result = [...list];
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const [a, b] = [result[at], result[other]];
    if (a !== undefined && b !== undefined) {
      result[at] = b;
      result[other] = a;
    }
  }
  return result;
};
