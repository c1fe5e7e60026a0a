import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { difference } from './difference.ts';
import { keepKnownHost, knownHostsLine, knownHostsOf } from './known-hosts.ts';
import { sshConfig, withInclude, withoutInclude } from './ssh-config.ts';

const key = `ssh-ed25519 ${'A'.repeat(68)}`;

it('includes its file once, before the hosts of the user, and takes it back', () => {
  const user = 'Host other\n  Port 2222\n';
  const included = withInclude(user, '/home/a b%/ssh_config');
  expect(included).toBe(`Include "/home/a b%%/ssh_config"\n${user}`);
  expect(withInclude(included, '/home/a b%/ssh_config')).toBe(included);
  expect(withoutInclude(included, '/home/a b%/ssh_config')).toBe(user);
});

it('starts vsay by words that neither ssh nor a shell expands', () => {
  const config = sshConfig({
    invocation: ['/a b/node', '/%h/vsay'],
    proxyOptions: ['--profile', '$x'],
    knownHosts: '/k',
  });
  expect(config).toContain(
    `ProxyCommand '/a b/node' /%%h/vsay proxy --profile '$x' --known-hosts /k --linux-user='%r' -- '%h'\n`,
  );
});

it('keeps one line for a host, and none for a name or a key that is of another form', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'known-hosts-'));
  const file = join(folder, 'ssh_known_hosts');
  writeFileSync(file, `a.vsay ssh-ed25519 old\nb.vsay ${key}\n`);
  for (const _again of [1, 2]) await keepKnownHost(file, knownHostsLine('A.vsay', key) ?? '');
  expect(readFileSync(file, 'utf8')).toBe(`a.vsay ${key}\nb.vsay ${key}\n`);
  for (const host of ['*', 'a,b', 'a b', '!a', '|1|x', 'a\nb', '']) expect(knownHostsLine(host, key)).toBeUndefined();
  expect(knownHostsLine('a.vsay', `${key}\nb.vsay ${key}`)).toBeUndefined();
  rmSync(folder, { recursive: true });
});

it('keeps the lines of all hosts that are added at the same time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'known-hosts-'));
  const file = join(folder, 'new', 'ssh_known_hosts');
  const lines = Array.from({ length: 50 }, (_none, at) => knownHostsLine(`m${at}.vsay`, key) ?? '');
  await Promise.all(lines.map((line) => keepKnownHost(file, line)));
  expect(readFileSync(file, 'utf8').trim().split('\n').sort()).toEqual(lines.toSorted());
  expect(statSync(file).mode & 0o777).toBe(0o600);
  rmSync(folder, { recursive: true });
});

it('knows a machine by its name only if no other one has it', () => {
  const machine = (name: string, id: string) => ({ name, agent_id: id, metadata: { ssh_host_key: key } as never });
  expect(
    knownHostsOf([
      machine('web', 'ag_1'),
      machine('Web', 'ag_2'),
      machine('db', 'ag_3'),
      machine('AG_1', 'ag_4'),
    ]).split('\n'),
  ).toEqual([...['ag_1', 'ag_2', 'ag_3', 'ag_4', 'db'].map((host) => `${host}.vsay ${key}`), '']);
});

it('shows the lines that change', () => {
  expect(difference('/f', 'a\nb\nc\n', 'a\nx\nc\n')).toBe('--- /f\n+++ /f\n@@ -2,1 +2,1 @@\n-b\n+x\n');
  expect(difference('/f', '', 'a\n')).toBe('--- /dev/null\n+++ /f\n@@ -0,0 +1,1 @@\n+a\n');
});
