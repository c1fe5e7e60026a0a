import { describe, expect, it } from 'vitest';
import { isAddress, isNetwork, NetworkSet, networkOf, plainAddress, senderKey } from './network.ts';

describe('an address', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
    ['::ffff:203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
    ['::ffff:cb00:7109', '203.0.113.9', '203.0.113.0/24'],
    ['::FFFF:203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
    ['0:0:0:0:0:ffff:203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
    ['2001:db8:0:1:aaaa::1', '2001:db8:0:1::/64', '2001:db8:0:1::/64'],
    ['2001:0DB8:0000:0001:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0:0:0::/64'],
    // Not an address: kept as it is.
    ['', '', ''],
    ['127.1', '127.1', '127.1'],
    ['203.0.113.256', '203.0.113.256', '203.0.113.256'],
  ])('%s belongs to the sender %s in the network %s', (ip, address, network) => {
    expect(senderKey(ip)).toBe(address);
    expect(networkOf(ip)).toBe(network);
  });

  it('is accepted in full decimal or IPv6 notation only, with or without a zone', () => {
    expect(['10.0.0.1', '::1', '::ffff:10.0.0.1', 'fe80::1%eth0'].map(isAddress)).toEqual([true, true, true, true]);
    const others = ['', 'unknown', '10.0.0', '0x0a.0.0.1', '010.0.0.1', '1', '10.0.0.1:80', '[::1]', '1::2::3'];
    expect(others.filter(isAddress)).toEqual([]);
  });

  it('is shown as IPv4 if it is mapped, and unchanged otherwise', () => {
    const addresses = ['::ffff:203.0.113.9', '::ffff:cb00:7109', '203.0.113.9', '2001:DB8::1', 'fe80::1%eth0', 'x'];
    const shown = ['203.0.113.9', '203.0.113.9', '203.0.113.9', '2001:DB8::1', 'fe80::1%eth0', 'x'];
    expect(addresses.map(plainAddress)).toEqual(shown);
  });
});

describe('a set of networks', () => {
  const set = new NetworkSet(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '2001:db8:0:1::/64', '::ffff:198.51.100.0/120']);

  it.each([
    ['10.255.0.1', true],
    ['11.0.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['::ffff:10.1.2.3', true],
    ['::ffff:a01:203', true],
    ['::ffff:11.0.0.1', false],
    ['198.51.100.255', true],
    ['198.51.101.0', false],
    ['fdff::1', true],
    ['fdff::1%eth0', true],
    ['fe80::1', false],
    ['2001:db8:0:1:ffff::1', true],
    ['2001:db8:0:2::1', false],
    ['unknown', false],
    ['', false],
  ])('with 10.0.0.0/8, 192.0.2.7, fd00::/8 and two more: has %s: %s', (address, has) => {
    expect(set.has(address)).toBe(has);
  });

  it('without networks contains no address', () => expect(new NetworkSet([]).has('127.0.0.1')).toBe(false));

  it('is made of addresses and CIDR blocks', () => {
    const networks = ['10.0.0.0/8', '10.0.0.1', '::/0', 'fd00::/8', '::1', '10.0.0.1/32', '::ffff:10.0.0.0/104'];
    const others = [
      '',
      '10.0.0.0/33',
      '10.0.0.0/99',
      '::/129',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/-1',
      'host',
      '10/8',
      '::ffff:10.0.0.0/8',
    ];
    expect(networks.map(isNetwork)).toEqual(networks.map(() => true));
    expect(others.filter(isNetwork)).toEqual([]);
  });
});
