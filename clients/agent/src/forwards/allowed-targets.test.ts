import { expect, it } from 'vitest';
import { AllowedTargets, isTargetEntry, readTarget } from './allowed-targets.ts';

const allows = (entries: readonly string[], address: string, host = address, port = 80): boolean =>
  new AllowedTargets(entries).allows(address, { host, port });

it('allows loopback with any port, and nothing else by default', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    expect([address, allows([], address, 'localhost', 1)]).toEqual([address, true]);
  for (const address of ['10.0.0.1', '192.168.1.1', '203.0.113.7', 'fd00::1', '2001:db8::1'])
    expect([address, allows([], address)]).toEqual([address, false]);
});

it('never allows link-local addresses, metadata services and what stands for them, whatever is configured', () => {
  const everything = ['0.0.0.0/0', '::/0', 'metadata.example'];
  expect(allows(everything, '203.0.113.7')).toBe(true);
  expect(allows(everything, '2001:db8::1')).toBe(true);
  const never = [
    '169.254.169.254',
    '169.254.0.1',
    'fe80::1',
    'febf::1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
  ];
  never.push('fd00:ec2::254', '0.0.0.0', '0.1.2.3', '::', '224.0.0.1', '239.1.1.1', '255.255.255.255', 'ff02::1');
  never.push('::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::', 'fe80::1%eth0');
  never.push('fd00:ec2::23', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:42::42', 'fd00:a9fe:a9fe::1');
  never.push('fd00:100::100:200', '::169.254.169.254', '::127.0.0.1', '::ffff:0:169.254.169.254', '2001::a9fe:a9fe');
  for (const address of never)
    expect([address, allows(everything, address, 'metadata.example')]).toEqual([address, false]);
});

it('allows an entry by name, address or network, for its port only', () => {
  const entries = ['db.internal:5432', 'Wiki.internal', '10.1.0.0/16', '10.2.0.0/16:443', '[fd00::1]:80', 'fd01::/16'];
  const tried: [string, string, number, boolean][] = [
    ['10.9.9.9', 'db.internal', 5432, true],
    ['10.9.9.9', 'DB.internal.', 5432, true],
    ['10.9.9.9', 'db.internal', 5433, false],
    ['10.9.9.9', 'other.internal', 5432, false],
    ['10.9.9.9', 'wiki.internal', 1, true],
    ['10.1.2.3', '10.1.2.3', 7, true],
    ['10.1.2.3', 'any.name', 7, true],
    ['::ffff:10.1.2.3', 'any.name', 7, true],
    ['10.2.2.3', '10.2.2.3', 443, true],
    ['10.2.2.3', '10.2.2.3', 80, false],
    ['fd00::1', 'fd00::1', 80, true],
    ['fd00::1', 'fd00::1', 81, false],
    ['fd01:2::3', 'fd01:2::3', 81, true],
    ['169.254.1.1', 'db.internal', 5432, false],
  ];
  for (const [address, host, port, expected] of tried)
    expect([address, host, port, allows(entries, address, host, port)]).toEqual([address, host, port, expected]);
});

it('knows what an entry is', () => {
  const good = [
    'localhost',
    'a_b.c-d:1',
    '10.0.0.1',
    '10.0.0.0/8',
    '10.0.0.0/8:65535',
    '[::1]:1',
    '[fd00::/8]:443',
    'fd00::/8',
  ];
  const bad = [
    '',
    ':80',
    'a b',
    'host:0',
    'host:65536',
    '10.0.0.0/33',
    '10.0.0',
    'fe80::1%eth0',
    '[host]:80',
    'http://x',
    '*',
    '-x',
  ];
  expect(good.filter((entry) => !isTargetEntry(entry))).toEqual([]);
  expect(bad.filter(isTargetEntry)).toEqual([]);
});

it('reads host and port', () => {
  expect(readTarget('db.internal:5432')).toEqual({ host: 'db.internal', port: 5432 });
  expect(readTarget('[::1]:22')).toEqual({ host: '::1', port: 22 });
  for (const text of ['', 'host', 'host:0', 'host:65536', 'a b:1', '::1:22', '[fe80::1%eth0]:22', 'host:22\n', '/x:1'])
    expect([text, readTarget(text)]).toEqual([text, undefined]);
});
