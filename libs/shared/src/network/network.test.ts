import { describe, expect, it } from 'vitest';
import { addressOf, networkOf } from './network.ts';

describe('who one sender is', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
    ['::ffff:203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
    ['::ffff:cb00:7109', '203.0.113.9', '203.0.113.0/24'],
    ['2001:db8:0:1:aaaa::1', '2001:db8:0:1::/64', '2001:db8:0:1::/64'],
    ['2001:0DB8:0000:0001:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0:0:0::/64'],
    ['', '', ''],
  ])('%s is %s of %s', (ip, address, network) => {
    expect(addressOf(ip)).toBe(address);
    expect(networkOf(ip)).toBe(network);
  });
});
