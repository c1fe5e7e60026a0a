import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
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

describe('a shell of a user in two more groups', () => {
  it.runIf(mayMount())('has these groups, and none of those that the agent is in', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'groups-'));
    const user = { name: 'deploy', uid: 61_001, gid: 61_001, home: '/', shell: '/bin/sh' };
    const file = (name: string, more: string): string => {
      const changed = path.join(folder, name);
      writeFileSync(changed, `${readFileSync(`/etc/${name}`, 'utf8')}${more}`);
      return changed;
    };
    const passwd = file('passwd', 'deploy:x:61001:61001::/:/bin/sh\n');
    const group = file('group', 'deploy:x:61001:\nweb:x:61002:deploy\nlogs:x:61003:deploy\nsecret:x:61004:\n');
    // Without bash no process waits for the agent. With su, PAM sets the groups (e2e/containers/login.containers.ts).
    const tools = { ...(await findLoginTools()), bash: undefined };
    const purpose = { kind: 'command', line: 'id -G', marker: 'test' } as const;
    const launch = runAs(purpose, { user, processUid: 0, allowSudo: false, tools });
    const script = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec "$@"';
    const asAgent = ['setpriv', '--groups=61004', '--', launch.file, ...launch.args];
    try {
      const groups = execFileSync('unshare', ['--mount', 'sh', '-c', script, 'sh', passwd, group, ...asAgent], {
        env: launch.env,
        encoding: 'utf8',
      });
      expect(groups.trim().split(' ').sort()).toEqual(['61001', '61002', '61003']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
