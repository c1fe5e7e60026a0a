import type { IncomingHttpHeaders } from 'node:http';
import { isAddress, NetworkSet, plainAddress } from '@webxterm/shared';

/** The proxies whose X-Forwarded-* headers are trusted. */
export class TrustedProxies {
  readonly #networks: NetworkSet;
  #named = false;

  constructor(networks: readonly string[]) {
    this.#networks = new NetworkSet(networks);
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
    return this.#networks.has(address);
  }
}

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
  const forwardedProto = String(headers['x-forwarded-proto'] ?? '');
  const proto = forwardedProto.split(',').at(-1)?.trim() === 'https' ? 'https' : 'http';
  let clientIp = near;
  for (const item of String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .reverse()) {
    const address = plainAddress(item.trim());
    if (!isAddress(address)) break;
    clientIp = address;
    if (!proxies.has(address)) break;
  }
  return { clientIp, proto };
};
