import { expect, it } from 'vitest';
import { seenFrom } from './facts-watch.ts';

const facts = { hostname: 'a', osVersion: '6.1', arch: 'amd64', cpuCores: 2, memTotalMb: 4096n, linuxUser: 'ann' };
const card = (...addresses: string[]) => ({ eth0: addresses.map((address) => ({ address, internal: false })) });

it('another host name, system or address is reported; another order of addresses and link-local ones are not', () => {
  const before = seenFrom(facts, card('10.0.0.1', '10.0.0.2'));
  expect(seenFrom(facts, card('10.0.0.2', 'fe80::1', '169.254.1.1', '10.0.0.1'))).toBe(before);
  expect(seenFrom(facts, { ...card('10.0.0.1', '10.0.0.2'), lo: [{ address: '127.0.0.1', internal: true }] })).toBe(
    before,
  );
  expect(seenFrom({ ...facts, hostname: 'b' }, card('10.0.0.1', '10.0.0.2'))).not.toBe(before);
  expect(seenFrom({ ...facts, osVersion: '6.2' }, card('10.0.0.1', '10.0.0.2'))).not.toBe(before);
  expect(seenFrom(facts, card('10.0.0.3', '10.0.0.2'))).not.toBe(before);
});
