import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { StackFailure } from './failure.ts';
import { PortClaims } from './port-claims.ts';

/**
 * Below the ephemeral ports of Linux (32768) and macOS (49152). No outgoing connection uses these ports, so a restarted service finds its
 * port free.
 */
const lowest = 20_000;
const highest = 32_000;
const attempts = 200;

const claims = new PortClaims();

/** The error code if `host:port` cannot be bound. Undefined if it can. */
export const whyNotFree = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });

/** A free port on `host` that no other process has claimed. */
export const freePort = async (host = '127.0.0.1'): Promise<number> => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowest, highest);
    if (!claims.take(port)) continue;
    if ((await whyNotFree(host, port)) === undefined) return port;
    claims.giveBack(port);
  }
  throw new StackFailure(`no free port on ${host} between ${lowest} and ${highest}: end some programs and try again`);
};

/** `wanted` if it is free, otherwise another free port. */
export const freePortPreferring = async (wanted: number | undefined): Promise<number> => {
  if (wanted !== undefined && claims.take(wanted)) {
    if ((await whyNotFree('127.0.0.1', wanted)) === undefined) return wanted;
    claims.giveBack(wanted);
  }
  return freePort();
};

/** Releases a port after its process has ended. */
export const returnPort = (port: number): void => {
  claims.giveBack(port);
};

/**
 * Checks that a configured port is free before anything starts.
 * @throws StackFailure that names the port and the setting
 */
export const requirePort = async (host: string, port: number, setting: string): Promise<void> => {
  const why = await whyNotFree(host, port);
  if (why === undefined) return;
  const what: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is in use by another program: end that program`,
    EACCES: `port ${port} on ${host} needs rights that you do not have`,
    EADDRNOTAVAIL: `${host} is not an address of this machine: set WEBXTERM_HOST`,
    ENOTFOUND: `${host} is not an address of this machine: set WEBXTERM_HOST`,
  };
  throw new StackFailure(
    `${what[why] ?? `port ${port} on ${host} cannot be used (${why})`}, or choose another port with ${setting}`,
  );
};
