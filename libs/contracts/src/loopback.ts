import ipaddr from 'ipaddr.js';
import { withoutBrackets } from './host-and-port.ts';

/** Loopback host names that browsers and people use, as written in a URL. */
const names = ['127.0.0.1', 'localhost', '[::1]'] as const;

/**
 * Whether a host is loopback, by name or address. Accepts the form of a setting (`::1`) and of a URL (`[::1]`), without a port. Not: a
 * short form (127.1), a mapped address, an address with a zone.
 */
export const isLoopback = (host: string): boolean => {
  if (host === 'localhost') return true;
  if (ipaddr.IPv4.isValidFourPartDecimal(host)) return ipaddr.IPv4.parse(host).range() === 'loopback';
  const address = withoutBrackets(host);
  return !address.includes('%') && ipaddr.IPv6.isValid(address) && ipaddr.IPv6.parse(address).range() === 'loopback';
};

/**
 * All URLs that reach the same place. If the host is one of the three loopback names: the origin with each of them. Otherwise only the URL
 * itself.
 */
export const alikeOnLoopback = ({ protocol, hostname, port, href }: URL): readonly URL[] =>
  names.some((name) => name === hostname)
    ? names.map((name) => new URL(`${protocol}//${name}${port === '' ? '' : `:${port}`}`))
    : [new URL(href)];
