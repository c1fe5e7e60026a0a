import { expect, it } from 'vitest';
import { difference } from './difference.ts';
import { knownHostsLine, knownHostsOf, withKnownHost } from './known-hosts.ts';
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

it('keeps one line for a host, and none for a name or a key that is of another form', () => {
  expect(withKnownHost(`a.vsay ssh-ed25519 old\nb.vsay ${key}\n`, knownHostsLine('A.vsay', key))).toBe(
    `a.vsay ${key}\nb.vsay ${key}\n`,
  );
  for (const host of ['*', 'a,b', 'a b', '!a', '|1|x', 'a\nb', '']) expect(knownHostsLine(host, key)).toBeUndefined();
  expect(knownHostsLine('a.vsay', `${key}\nb.vsay ${key}`)).toBeUndefined();
  expect(withKnownHost('x\n', undefined)).toBe('x\n');
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
