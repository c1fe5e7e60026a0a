import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Proxies in front of this door whose word about the client counts. */
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

  /** An address from which a proxy speaks that is not trusted; undefined: there is none to name, or it was named before. */
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

/** A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d. */
const plainAddress = (address: string): string =>
  address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;

/**
 * The client's address and scheme. X-Forwarded-* count only from a trusted peer; then the client is the first address from
 * the right that is no trusted proxy, for everything to its left can be made up by the client.
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
