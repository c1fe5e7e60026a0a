import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** The proxies whose X-Forwarded-* headers are trusted. */
export class TrustedProxies {
  readonly #blocks = new BlockList();
  readonly #none: boolean;
  #named = false;

  constructor(cidrs: readonly string[]) {
    this.#none = cidrs.length === 0;
    for (const cidr of cidrs) {
      const [address = '', bits] = cidr.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#blocks.addAddress(address, family);
      else this.#blocks.addSubnet(address, Number(bits), family);
    }
  }

  /** The peer address if it sent X-Forwarded-For and is not a trusted proxy. Undefined otherwise, and after the first such address. */
  firstUntrusted({
    address,
    headers,
  }: {
    address: string | undefined;
    headers: IncomingHttpHeaders;
  }): string | undefined {
    if (headers['x-forwarded-for'] === undefined || this.#named) return undefined;
    const near = plainAddress(address ?? '');
    if (this.has(near)) return undefined;
    this.#named = true;
    return near;
  }

  has(address: string): boolean {
    return !this.#none && this.#blocks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

/** Removes the prefix of IPv4 addresses on a dual-stack socket (::ffff:a.b.c.d). */
const plainAddress = (address: string): string =>
  address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;

/**
 * The client's address and scheme. X-Forwarded-* headers count only from a trusted peer. The client is then the first address from the
 * right that is not a trusted proxy, because the client can forge everything to its left.
 */
export const clientOf = (
  proxies: TrustedProxies,
  { address: peer, encrypted }: { address: string | undefined; encrypted: boolean },
  headers: IncomingHttpHeaders,
): { clientIp: string; proto: 'http' | 'https' } => {
  const near = plainAddress(peer ?? '');
  if (!proxies.has(near)) return { clientIp: near, proto: encrypted ? 'https' : 'http' };
  const told = String(headers['x-forwarded-proto'] ?? '');
  const proto = told.split(',').at(-1)?.trim() === 'https' ? 'https' : 'http';
  let clientIp = near;
  for (const item of String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .reverse()) {
    const address = plainAddress(item.trim());
    if (isIP(address) === 0) break;
    clientIp = address;
    if (!proxies.has(address)) break;
  }
  return { clientIp, proto };
};
