import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLoginTools } from './login-tools.ts';
import { runAs } from './run-as.ts';

/** Replacing /etc/passwd and /etc/group needs a mount namespace, and that needs root. */
const mayMount = (): boolean => {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return os.userInfo().uid === 0;
  } catch {
    return false;
  }
};

const user = { name: 'deploy', uid: 61_001, gid: 61_001, home: '/', shell: '/bin/sh' };
let folder = '';
/** Runs a program on a machine whose user `deploy` is in the groups web and logs, but not in secret. */
const run = (command: readonly string[], env?: Record<string, string>): string => {
  const file = (name: string, more: string): string => {
    const changed = path.join(folder, name);
    writeFileSync(changed, `${readFileSync(`/etc/${name}`, 'utf8')}${more}`);
    return changed;
  };
  const passwd = file('passwd', 'deploy:x:61001:61001::/:/bin/sh\n');
  const group = file('group', 'deploy:x:61001:\nweb:x:61002:deploy\nlogs:x:61003:deploy\nsecret:x:61004:\n');
  const script = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec "$@"';
  const args = ['--mount', 'sh', '-c', script, 'sh', passwd, group, ...command];
  return execFileSync('unshare', args, { env, encoding: 'utf8' });
};

describe.runIf(mayMount())('a shell of a user in two more groups', () => {
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'groups-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('has these groups, and none of the groups of the agent', async () => {
    // Without bash no process waits for the agent. With su, PAM sets the groups (e2e/containers/login.containers.ts).
    const tools = { ...(await findLoginTools()), bash: undefined };
    const purpose = { kind: 'command', line: 'id -G', marker: 'test' } as const;
    const launch = runAs(purpose, { user, processUid: 0, allowSudo: false, tools });
    const groups = run(['setpriv', '--groups=61004', '--', launch.file, ...launch.args], launch.env);
    expect(groups.trim().split(' ').sort()).toEqual(['61001', '61002', '61003']);
  });

  it.each([
    ['the same as when the agent of this user was started', '61002,61003', false],
    ['changed since the agent of this user was started', '61002', true],
  ])('warns above its prompt if the groups are %s', (_, groupsOfAgent, reported) => {
    // The right to read everything, because only root may be able to read this checkout.
    const identity = ['--reuid=61001', '--regid=61001', `--groups=${groupsOfAgent}`];
    const mayRead = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const probe = path.join(import.meta.dirname, '..', 'integration', 'login-probe.ts');
    const shell = [process.execPath, '--no-warnings', probe, 'shell', 'deploy', 'sudo', 'id -G; exit'];
    const { text } = JSON.parse(run(['setpriv', ...identity, ...mayRead, '--', ...shell]));
    expect(text).toContain(groupsOfAgent.replace(',', ' '));
    expect(text.includes('groups of this user have changed since the agent was started')).toBe(reported);
  });
});
