import { expect, it } from 'vitest';
import { hostsStack } from './hosts-stack.ts';

const machine = (linux_user: string, linux_users?: string[], ip_address = '127.0.0.1') => ({
  ip_address,
  process_user: 'agent',
  metadata: {
    ...{ cpu_cores: 1, mem_total_mb: 1, disk_total_gb: 1, hostname: 'h', os_version: '' },
    linux_user,
    ...(linux_users === undefined ? {} : { linux_users }),
  },
});

it('a machine on the host of the stack cannot be granted if one of its Linux users could read the secrets', () => {
  expect(hostsStack(machine('deploy'), 'stack')).toBe(false);
  expect(hostsStack(machine('deploy', ['deploy', 'backup']), 'stack')).toBe(false);
  for (const other of ['stack', 'root', '*'])
    expect(hostsStack(machine('deploy', ['deploy', other]), 'stack')).toBe(true);
  expect(hostsStack(machine('stack'), 'stack')).toBe(true);
  expect(hostsStack(machine('root', ['root', '*'], '192.0.2.1'), 'stack')).toBe(false);
  expect(hostsStack(machine('root', ['root', '*']), undefined)).toBe(false);
});
