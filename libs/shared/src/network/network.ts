import ipaddr from 'ipaddr.js';

/** The parsed address. A mapped address (::ffff:192.0.2.1) becomes its IPv4 address. Undefined: not a complete address. */
const parse = (text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined =>
  ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text) ? ipaddr.process(text) : undefined;

/** Whether the text is an IPv4 or IPv6 address. Short forms of IPv4, such as 127.1, are not. */
export const isAddress = (text: string): boolean => parse(text) !== undefined;

/** The address in the form in which it is shown and compared: a mapped address as IPv4, every other text unchanged. */
export const plainAddress = (text: string): string => {
  const address = parse(text);
  return address instanceof ipaddr.IPv4 ? address.toString() : text;
};

/** The key of one sender: an IPv4 address or an IPv6 /64, because a host with one address of the /64 can use all of them. */
export const senderKey = (ip: string): string => {
  const address = parse(ip);
  if (address === undefined) return ip;
  return address instanceof ipaddr.IPv4 ? address.toString() : prefix64(address);
};

/** The network from which a person is likely to return: an IPv4 /24 or an IPv6 /64. */
export const networkOf = (ip: string): string => {
  const address = parse(ip);
  if (address === undefined) return ip;
  return address instanceof ipaddr.IPv4
    ? `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`)}/24`
    : prefix64(address);
};

/** Not the shortest form: the database contains keys that were made of this one. */
const prefix64 = ({ parts }: ipaddr.IPv6): string =>
  `${parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** An address or a CIDR block. A block of mapped addresses becomes its IPv4 block. Undefined: neither. */
const parseNetwork = (text: string): Network | undefined => {
  const [address = '', bits, ...rest] = text.split('/');
  const first = parse(address);
  if (first === undefined || rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
  const mapped = first instanceof ipaddr.IPv4 && address.includes(':');
  const longest = first instanceof ipaddr.IPv4 ? 32 : 128;
  const length = bits === undefined ? longest : Number(bits) - (mapped ? 96 : 0);
  return length < 0 || length > longest ? undefined : [first, length];
};

export const isNetwork = (text: string): boolean => parseNetwork(text) !== undefined;

/** A set of addresses and CIDR blocks. */
export class NetworkSet {
  readonly #networks: readonly Network[];

  /** Items that are not an address or a block are left out. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(parseNetwork).filter((network) => network !== undefined);
  }

  has(ip: string): boolean {
    const address = parse(ip);
    return (
      address !== undefined &&
      this.#networks.some((network) => network[0].kind() === address.kind() && address.match(network))
    );
  }
}
