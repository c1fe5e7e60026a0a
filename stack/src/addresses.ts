import { hostname, networkInterfaces } from 'node:os';
import { joinHostAndPort } from '@webxterm/contracts/host-and-port';

const everywhere = ['0.0.0.0', '::'];

/** Address on which the gateway listens, and its protocol. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const originOf = ({ host, port, tls }: Place): string => `${tls ? 'https' : 'http'}://${joinHostAndPort(host, port)}`;

/** The URL to print. */
export const publicUrl = (place: Place): string =>
  originOf({ ...place, host: everywhere.includes(place.host) ? '127.0.0.1' : place.host });

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addressesOfOne) =>
    (addressesOfOne ?? []).filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
  );

/** Name and non-loopback addresses of this machine if the gateway listens on all interfaces. */
const otherNames = (host: string): string[] => (everywhere.includes(host) ? [hostname(), ...ownAddresses()] : []);

/** Further allowed origins if the gateway listens on all interfaces. */
export const extraOrigins = (place: Place): string[] =>
  otherNames(place.host).map((name) => originOf({ ...place, host: name }));

/** All names of the certificate for this place. */
export const certificateNames = (host: string): string[] => [
  ...new Set([...(everywhere.includes(host) ? [] : [host]), '127.0.0.1', 'localhost', '::1', ...otherNames(host)]),
];

/** The address of this machine for agents on other machines. */
export const reachableHost = (host: string): string =>
  everywhere.includes(host) ? (ownAddresses()[0] ?? '127.0.0.1') : host;
