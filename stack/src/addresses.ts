import { hostname, networkInterfaces } from 'node:os';

const everywhere = ['0.0.0.0', '::'];

/** Where the gateway listens, and how it is spoken to. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const originOf = ({ host, port, tls }: Place): string =>
  `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The address that is printed. */
export const publicUrl = (place: Place): string =>
  originOf({ ...place, host: everywhere.includes(place.host) ? '127.0.0.1' : place.host });

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addressesOfOne) =>
    (addressesOfOne ?? []).filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
  );

/** This machine's name and addresses besides loopback, when something listens everywhere. */
const otherNames = (host: string): string[] => (everywhere.includes(host) ? [hostname(), ...ownAddresses()] : []);

/** Under which other origins people may come when the gateway listens everywhere. */
export const extraOrigins = (place: Place): string[] =>
  otherNames(place.host).map((name) => originOf({ ...place, host: name }));

/** Every name that a certificate for this place must hold. */
export const certificateNames = (host: string): string[] => [
  ...new Set([...(everywhere.includes(host) ? [] : [host]), '127.0.0.1', 'localhost', '::1', ...otherNames(host)]),
];

/** By which address agents on other machines reach us. */
export const reachableHost = (host: string): string =>
  everywhere.includes(host) ? (ownAddresses()[0] ?? '127.0.0.1') : host;
