import type { Machine, MachineEvent } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { readMachines } from '../api/machine-rows.ts';
import { keepAdding, readAdding } from './adding.ts';
import { cloneCommands, type Installation, installLine, maskedKey } from './install-command.ts';
import { fingerprintOf } from './installation.ts';
import { listWithEvent, withEvent } from './machine-cache.ts';
import { rightsOn } from './machine-rights.ts';
import { platform } from './platform-name.ts';

const machine = (agentId: string): Machine => ({
  id: '1',
  agent_id: agentId,
  name: agentId,
  description: '',
  status: 'offline',
  os: 'linux',
  arch: 'x64',
  ip_address: '',
  agent_version: '0.1.0',
  owner_id: 'a'.repeat(24),
  my_role: 'owner',
  tags: [],
  last_active: '2026-01-01T00:00:00Z',
  uptime_seconds: 0,
  resource_stats: null,
  metadata: { cpu_cores: 2, mem_total_mb: 1, disk_total_gb: 1, hostname: 'h', os_version: '', linux_user: 'u' },
  created_at: '2026-01-01T00:00:00Z',
  new_from: null,
  notice: null,
});
const online: MachineEvent = { agent_id: 'ag_1', status: 'online', last_active: null, resource_stats: null };

describe('what changed', () => {
  it('is merged into the list, and keeps the fields that the event lacks', () => {
    const list = {
      machines: [machine('ag_1'), machine('ag_2')],
      unreadable: [],
      total: 2,
      page: 1,
      limit: 50,
      total_pages: 1,
      next_cursor: null,
    };
    const next = listWithEvent(list, online);
    expect(next.machines.map(({ status }) => status)).toEqual(['online', 'offline']);
    expect(next.machines[0]?.last_active).toBe('2026-01-01T00:00:00Z');
    expect(next.machines[1]).toBe(list.machines[1]);
  });

  it('does not change a list without the machine', () => {
    const list = {
      machines: [machine('ag_2')],
      unreadable: [],
      total: 1,
      page: 1,
      limit: 50,
      total_pages: 1,
      next_cursor: null,
    };
    expect(listWithEvent(list, online)).toBe(list);
    expect(withEvent(machine('ag_1'), online).status).toBe('online');
  });
});

it('keeps the other rows of a list if one machine cannot be parsed', () => {
  const good = { ...machine(`ag_${'a'.repeat(26)}`), name: 'good' };
  const tooMuch = {
    ...good,
    agent_id: `ag_${'b'.repeat(26)}`,
    name: 'bad\u202e',
    metadata: { ...good.metadata, mem_total_mb: 2 ** 63 },
  };
  expect(readMachines([tooMuch, good, null, { name: 7, my_role: 'emperor' }])).toEqual({
    machines: [good],
    unreadable: [
      { agentId: tooMuch.agent_id, name: 'bad', myRole: 'owner' },
      { agentId: undefined, name: '', myRole: undefined },
      { agentId: undefined, name: '', myRole: undefined },
    ],
  });
});

describe('the commands that add a machine', () => {
  const apiKey = `vsay_ak_${'k'.repeat(32)}`;

  const installation: Installation = {
    host: 'https://term.example.org',
    scriptHash: 'ab'.repeat(32),
    scriptHost: 'https://term.example.org',
    caFingerprint: undefined,
  };
  const url = 'https://term.example.org/install.sh';

  it('are one line where a public CA signed the certificate of the server', () => {
    expect(installLine('curl', 'wxt_rt_x', installation)).toBe(`curl -fsSL ${url} | sudo sh -s -- --token wxt_rt_x`);
    expect(installLine('wget', 'wxt_rt_x', installation)).toBe(`wget -qO- ${url} | sudo sh -s -- --token wxt_rt_x`);
  });

  it('check the script by its hash where only a private CA does, and name that CA', () => {
    const line = installLine('curl', 'wxt_rt_x', { ...installation, caFingerprint: 'sha256:cd' });
    expect(line).toBe(
      `s=$(curl -fsSLk ${url}) && printf '%s\\n' "$s" | sha256sum | grep -q ^${'ab'.repeat(32)} && ` +
        `printf '%s\\n' "$s" | sudo sh -s -- --token wxt_rt_x --ca-fingerprint sha256:cd`,
    );
  });

  it('check the script by its hash also at an https address of loopback, whose certificate no public CA has signed', () => {
    const host = 'https://127.0.0.1:8443';
    const line = installLine('curl', 'wxt_rt_x', { ...installation, host, caFingerprint: 'sha256:cd' });
    expect(line).toContain(`s=$(curl -fsSLk ${host}/install.sh) && `);
  });

  it('name the server where the script would name another address of it', () => {
    const line = installLine('curl', 'wxt_rt_x', {
      ...installation,
      host: 'http://127.0.0.1:8080',
      caFingerprint: 'sha256:cd',
    });
    expect(line).toBe(
      'curl -fsSL http://127.0.0.1:8080/install.sh | sudo sh -s -- --token wxt_rt_x --host http://127.0.0.1:8080 --ca-fingerprint sha256:cd',
    );
  });

  it('have the fingerprint of the first certificate, as machines compute it', async () => {
    const pem = '-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n';
    // printf '\1\2\3' | sha256sum
    const hash = '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81';
    expect(await fingerprintOf(`${pem}-----BEGIN CERTIFICATE-----\nBAU=\n-----END CERTIFICATE-----`)).toBe(
      `sha256:${hash}`,
    );
  });

  it('are two and quoted for a shell where a clone of the project is used', () => {
    const { configure, start } = cloneCommands({ token: apiKey, host: 'http://127.0.0.1:8080' });
    expect(configure).toBe(`npm run agent -- configure --token ${apiKey} --host http://127.0.0.1:8080`);
    expect(start).toBe('clients/agent/bin/vsay-agent start');
    expect(cloneCommands({ token: apiKey, host: "https://a'b" }).configure).toContain(`--host 'https://a'\\''b'`);
  });

  it('are shown again after a reload, until something else is there', () => {
    const kept = new Map<string, string>();
    const store = {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
      removeItem: (name: string) => void kept.delete(name),
    };
    const adding = { agentId: 'ag_1', name: 'web-1', token: 'wxt_rt_x' };
    keepAdding(adding, store);
    expect(readAdding(store)).toEqual(adding);
    for (const [name] of kept) kept.set(name, '{');
    expect(readAdding(store)).toBeUndefined();
    keepAdding(undefined, store);
    expect(kept.size).toBe(0);
  });

  it('hide the key until the user shows it', () => {
    expect(maskedKey(apiKey)).toBe('vsay_ak_••••••••');
  });
});

it('name a system by its distribution, or by its kernel if only that is known', () => {
  const system = (osVersion: string) =>
    platform({ ...machine('ag_1'), metadata: { ...machine('ag_1').metadata, os_version: osVersion } });
  expect(system('6.8.0')).toBe('Linux 6.8.0 · x64');
  expect(system('Debian GNU/Linux 12')).toBe('Debian GNU/Linux 12 · x64');
  expect(system('')).toBe('Linux · x64');
});

describe('the rights on a machine', () => {
  it('are the listed rights', () => {
    expect(rightsOn({ my_role: 'view', my_rights: ['see', 'watch'] }, 'user')).toEqual(['see', 'watch']);
  });

  it('follow from the roles if a hub of the previous version lists none', () => {
    const manages = (my_role: Machine['my_role'], role: 'user' | 'admin' | undefined): boolean =>
      rightsOn({ my_role }, role).includes('manage');
    expect([manages('owner', 'user'), manages('admin', 'admin'), manages('control', 'admin')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([manages('control', 'user'), manages('view', undefined)]).toEqual([false, false]);
  });
});
