import { WellKnown } from '@webxterm/contracts/rest';
import { describeError, Failure } from '../failure.ts';

/** Where hubs can be dialled. */
export type HubAddresses = { addresses: string[]; tls: boolean };

const timeoutMs = 5000;
const maxAnswer = 64 * 1024;

const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/**
 * The hubs that may be dialled: plain connections go to this very machine only, whatever the server says.
 * @throws Failure when none is left.
 */
export const allowedAddresses = (offered: HubAddresses): HubAddresses => {
  if (offered.tls) return offered;
  const addresses = offered.addresses.filter((address) => isLoopback(hostOf(address)));
  if (addresses.length > 0) return { addresses, tls: false };
  throw new Failure(
    `The server offers only unencrypted connections (${offered.addresses.join(', ') || 'no address at all'}), and those are taken on loopback only: set up TLS for the hub.`,
  );
};

/** Cause chain of a failed fetch: the outer message is just "fetch failed". */
const reason = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message || error.message : describeError(error);

/**
 * Asks the host where its hubs are.
 * @throws Failure that says what is wrong with the host.
 */
export const discover = async (host: string): Promise<HubAddresses> => {
  const url = `${host}/.well-known/webxterm`;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' }).catch(
    (error: unknown) => {
      throw new Failure(`${host} cannot be reached: ${reason(error)}.`, 1, { cause: error });
    },
  );
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Failure(`${url} answered ${response.status}: is that the address of a WebXTerm?`);
  }
  const text = await response.text().catch((error: unknown) => {
    throw new Failure(`${host} broke off: ${reason(error)}.`, 1, { cause: error });
  });
  try {
    if (text.length > maxAnswer) throw new Error('too long');
    const { grpc } = WellKnown.parse(JSON.parse(text));
    return { addresses: grpc.addresses, tls: grpc.tls };
  } catch (error) {
    throw new Failure(`${url} is not the answer of a WebXTerm: is that the right host?`, 1, { cause: error });
  }
};

/** The hubs to dial: the configured one, or what the host says. @throws Failure */
export const hubAddresses = async (config: { host: string; grpc?: string | undefined }): Promise<HubAddresses> => {
  const { host, grpc } = config;
  if (grpc === undefined) return allowedAddresses(await discover(host));
  return allowedAddresses({ addresses: [grpc], tls: !isLoopback(hostOf(grpc)) });
};

/** A new array in random order, so that agents spread over the hubs. */
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
