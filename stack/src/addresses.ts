import { hostname, networkInterfaces } from 'node:os';

const everywhere = ['0.0.0.0', '::'];
const loopback = /^(127\.|::1$|localhost$)/;

export const isLoopback = (host: string): boolean => loopback.test(host);

const originOf = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The address that is printed. */
export const publicUrl = (host: string, port: number): string =>
  originOf(everywhere.includes(host) ? '127.0.0.1' : host, port);

/** Under which other origins people may come when the gateway listens everywhere: this machine's name and addresses. */
export const extraOrigins = (host: string, port: number): string[] => {
  if (!everywhere.includes(host)) return [];
  const addresses = Object.values(networkInterfaces()).flatMap((addressesOfOne) =>
    (addressesOfOne ?? []).filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
  );
  return [hostname(), ...addresses].map((name) => originOf(name, port));
};
