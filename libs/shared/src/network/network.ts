import { isIPv4, isIPv6 } from 'node:net';

/** The eight groups of an IPv6 address, without leading zeros. An embedded IPv4 address (::ffff:192.0.2.1) becomes two of them. */
const groupsOf = (address: string): string[] => {
  const bare = (address.split('%')[0] ?? '').toLowerCase();
  const [head = '', tail] = bare.split('::', 2);
  const groups = (text: string): string[] =>
    text === '' ? [] : text.split(':').flatMap((group) => (isIPv4(group) ? ipv4Groups(group) : [stripZeros(group)]));
  if (tail === undefined) return groups(head);
  const [left, right] = [groups(head), groups(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
};

const stripZeros = (group: string): string => group.replace(/^0+(?=.)/, '');

const ipv4Groups = (address: string): string[] => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
};

/** The IPv4 address of a mapped address (::ffff:192.0.2.1). */
const mappedIpv4 = (groups: readonly string[]): string | undefined => {
  if (groups.slice(0, 5).some((group) => group !== '0') || groups[5] !== 'ffff') return undefined;
  return groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    .join('.');
};

/** The key of one sender: an IPv4 address or an IPv6 /64, because a host with one address of the /64 can use all of them. */
export const addressOf = (ip: string): string => {
  if (!isIPv6(ip)) return ip;
  const groups = groupsOf(ip);
  return mappedIpv4(groups) ?? `${groups.slice(0, 4).join(':')}::/64`;
};

/** The network from which a person is likely to return: an IPv4 /24 or an IPv6 /64. */
export const networkOf = (ip: string): string => {
  const address = addressOf(ip);
  return isIPv4(address) ? `${address.split('.').slice(0, 3).join('.')}.0/24` : address;
};
