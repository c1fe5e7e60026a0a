import { BlockList, isIP } from 'node:net';
import { splitHostAndPort, withoutBrackets } from '@webxterm/contracts/host-and-port';

/** The family of `BlockList`. Undefined: no address. */
const familyOf = (address: string): 'ipv4' | 'ipv6' | undefined =>
  isIP(address) === 4 ? 'ipv4' : isIP(address) === 6 ? 'ipv6' : undefined;

const blockOf = (...networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = familyOf(address);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
};

const loopback = blockOf('127.0.0.0/8', '::1');

/**
 * Never reached, whatever is configured: addresses that mean another place for each host, and those at which clouds give the credentials of a
 * machine to each of its programs. A mapped IPv4 address (`::ffff:…`) counts as that address.
 */
const never = blockOf(
  // Unspecified. Linux connects them to loopback, by which a rule for loopback could be passed by.
  '0.0.0.0/8',
  // Link-local, with the metadata services of AWS, Google Cloud, Azure and others at 169.254.169.254.
  '169.254.0.0/16',
  'fe80::/10',
  // Metadata services elsewhere: Alibaba Cloud, Azure (wire server), Oracle Cloud.
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  // Those by IPv6, at addresses of private networks: AWS (with the credentials of pods), Google Cloud, Oracle Cloud, Scaleway, Linode, Alibaba.
  'fd00:ec2::/32',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
  'fd00:a9fe:a9fe::1',
  'fd00:100::100:200',
  // Multicast and broadcast.
  '224.0.0.0/4',
  '255.255.255.255',
  'ff00::/8',
  // IPv4 inside IPv6 (compatible, translated, NAT64, Teredo, 6to4): the address inside is not looked at.
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
);

const has = (list: BlockList, address: string): boolean => {
  const family = familyOf(address);
  return family !== undefined && list.check(address, family);
};

const isLoopbackAddress = (address: string): boolean => has(loopback, address);

/** One entry of `forward_to`: a name or a network, and a port. */
type Entry = {
  readonly name: string | undefined;
  readonly network: BlockList | undefined;
  /** Undefined: any. */
  readonly port: number | undefined;
};

/** `host`, `host:port`, `10.0.0.0/8`, `10.0.0.0/8:443`, `[fd00::1]:443`, `[fd00::/8]:443`, `fd00::/8`. */
const parts = (entry: string): { readonly host: string; readonly port: string | undefined } => {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] };
  if (entry.indexOf(':') !== entry.lastIndexOf(':')) return { host: entry, port: undefined };
  const [host = '', port] = entry.split(':');
  return { host, port };
};

const portOf = (text: string): number | undefined =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : undefined;

const networkOf = (host: string): BlockList | undefined => {
  const [address = '', bits, ...rest] = host.split('/');
  const family = familyOf(address);
  if (family === undefined || address.includes('%') || rest.length > 0) return undefined;
  if (bits === undefined) return blockOf(address);
  const most = family === 'ipv4' ? 32 : 128;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? blockOf(`${address}/${bits}`) : undefined;
};

const parsed = (entry: string): Entry | undefined => {
  const { host, port } = parts(entry);
  const number = port === undefined ? undefined : portOf(port);
  if (port !== undefined && number === undefined) return undefined;
  const network = networkOf(host);
  if (network !== undefined) return { name: undefined, network, port: number };
  if (entry.startsWith('[')) return undefined;
  const isName = /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252})$/.test(host) && !/^[0-9.]+$/.test(host);
  return isName ? { name: sameName(host), network: undefined, port: number } : undefined;
};

/** Names without regard to case, and to the dot at the end of a complete name. */
const sameName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** Whether it is an entry of `forward_to`. */
export const isTargetEntry = (entry: string): boolean => parsed(entry) !== undefined;

/** The host and the port that a connection is asked for. */
export type Target = { readonly host: string; readonly port: number };

/** Undefined: the text is no `host:port`. */
export const readTarget = (text: string): Target | undefined => {
  if (!/^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):\d{1,5}$/.test(text)) return undefined;
  const { host, port } = splitHostAndPort(text);
  return port >= 1 && port <= 65_535 ? { host: withoutBrackets(host), port } : undefined;
};

/** The addresses to which this machine forwards: loopback, and the entries of `forward_to`. */
export class AllowedTargets {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly string[]) {
    this.#entries = entries.map(parsed).filter((entry) => entry !== undefined);
  }

  /** Whether a connection may go to this address. `host`: the name or address that was asked for, of which `address` is the answer. */
  allows(address: string, { host, port }: Target): boolean {
    if (address.includes('%')) return false;
    // `::1` is inside `::/96`.
    if (isLoopbackAddress(address)) return true;
    if (has(never, address)) return false;
    const name = sameName(host);
    return this.#entries.some(
      (entry) =>
        (entry.port === undefined || entry.port === port) &&
        (entry.name === name || (entry.network !== undefined && has(entry.network, address))),
    );
  }
}
