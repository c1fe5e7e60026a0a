/** A host without the brackets that an IPv6 address has in a URL: `[::1]` becomes `::1`. */
export const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/**
 * The two parts of `127.0.0.1:123`, `[::1]:123` or `::1:123`. The host has no brackets. The port is NaN if it is not a number. A text without
 * a colon is a host.
 */
export const splitHostAndPort = (address: string): { readonly host: string; readonly port: number } => {
  const colon = address.lastIndexOf(':');
  const end = colon === -1 ? address.length : colon;
  return { host: withoutBrackets(address.slice(0, end)), port: Number.parseInt(address.slice(end + 1), 10) };
};

/** `127.0.0.1:123`, or `[::1]:123` for an IPv6 address. `host`: without brackets. */
export const joinHostAndPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
