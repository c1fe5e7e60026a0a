import { connect, type Socket } from 'node:net';
import { SessionRefused } from '../session/session-kind.ts';
import { type AllowedTargets, readTarget } from './allowed-targets.ts';

/** For the name and all addresses together. The terminal service waits 5 s for an attach. */
const connectWithinMs = 4000;
/** Addresses of one name that are tried. */
const maxAddresses = 4;
/** A peer that has vanished is noticed by the kernel, after this time without data and its own probes. */
const keepAliveAfterMs = 60_000;

/** All addresses of a host, in the order of the system. @throws Error with the code of getaddrinfo, also when `late` aborts */
type Resolve = (host: string, late: AbortSignal) => Promise<readonly string[]>;

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'the name could not be resolved now',
  ECONNRESET: 'it reset the connection',
  EMFILE: 'the agent has too many open files',
};

const failed = (text: string, error: unknown): SessionRefused => {
  const code = codeOf(error);
  const reason = reasons[code] ?? (code === '' ? 'the connection failed' : code);
  return new SessionRefused('forward_failed', `The machine could not connect to ${text}: ${reason}.`);
};

/** Connects to one address. It is never a name, so that nothing is resolved a second time. */
const connectTo = (address: string, port: number, late: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const abort = (): void => void socket.destroy(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' }));
    late.addEventListener('abort', abort, { once: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      late.removeEventListener('abort', abort);
      socket.off('error', reject);
      socket.on('error', () => undefined);
      socket.setKeepAlive(true, keepAliveAfterMs);
      socket.pause();
      resolve(socket);
    });
  });

const firstThatAnswers = async (addresses: readonly string[], port: number, late: AbortSignal): Promise<Socket> => {
  let last: unknown;
  for (const address of addresses) {
    if (late.aborted) break;
    try {
      return await connectTo(address, port, late);
    } catch (error) {
      last = error;
    }
  }
  throw last ?? Object.assign(new Error('too late'), { code: 'ETIMEDOUT' });
};

/**
 * Connects to a target (`host:port`) that this machine forwards to. The name is resolved once, and only addresses that are allowed are
 * connected to. The socket is paused.
 * @throws SessionRefused forward_refused, forward_failed
 */
export const connectTarget = async (text: string, allowed: AllowedTargets, resolve: Resolve): Promise<Socket> => {
  const target = readTarget(text);
  if (target === undefined) throw new SessionRefused('forward_refused', 'The target must be host:port.');
  const late = AbortSignal.timeout(connectWithinMs);
  const addresses = await resolve(target.host, late).catch((error: unknown) => {
    throw failed(text, error);
  });
  const open = addresses.filter((address) => allowed.allows(address, target)).slice(0, maxAddresses);
  if (open.length === 0)
    throw new SessionRefused(
      'forward_refused',
      `The agent of this machine does not forward to ${text}. Its administrator allows addresses besides loopback with forward_to in agent.yaml; link-local addresses and metadata services are never allowed.`,
    );
  try {
    return await firstThatAnswers(open, target.port, late);
  } catch (error) {
    throw failed(text, error);
  }
};
