import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { describe, expect, it } from 'vitest';
import { findUser, type LinuxUser } from './linux-user.ts';
import { runAs, userEnvironment } from './run-as.ts';

const ubuntu: LinuxUser = { name: 'ubuntu', uid: 1000, gid: 1000, home: '/home/ubuntu', shell: '/bin/bash' };
const everything = (): boolean => true;

describe('runAs', () => {
  it('goes through setpriv with the groups of the user as root, and execs', () => {
    const launch = runAs(['/bin/bash', '-l'], { user: ubuntu, processUid: 0, allowSudo: true, exists: everything });
    const identity = ['/usr/bin/setpriv', '--reuid=1000', '--regid=1000', '--init-groups', '--reset-env', '--'];
    expect(launch.args.join(' ')).toContain(identity.join(' '));
    expect(launch.args.slice(-2)).toEqual(['/bin/bash', '-l']);
    expect(launch.args).toContain('HOME=/home/ubuntu');
  });

  it('lets nobody gain rights unless sudo is allowed', () => {
    const launch = runAs(['/bin/sh'], { user: ubuntu, processUid: 0, allowSudo: false, exists: everything });
    expect(launch.args).toContain('--no-new-privs');
  });

  it('falls back to runuser, and says what is missing without it', () => {
    const only = (name: string) => (path: string) => path.endsWith(name) || path.endsWith('/env');
    const options = { user: ubuntu, processUid: 0, allowSudo: true };
    expect(runAs(['/bin/sh'], { ...options, exists: only('runuser') }).args).toContain('/usr/sbin/runuser');
    expect(() => runAs(['/bin/sh'], { ...options, exists: () => false })).toThrow(/setpriv nor runuser/);
  });

  it('runs only as itself when it is not root', () => {
    const options = { user: ubuntu, allowSudo: true, exists: everything };
    const own = runAs(['/bin/bash', '-l'], { ...options, processUid: 1000 });
    expect(own.args.slice(-2)).toEqual(['/bin/bash', '-l']);
    expect(own.args).not.toContain('/usr/bin/setpriv');
    expect(() => runAs(['/bin/bash'], { ...options, processUid: 1001 })).toThrow(/only as itself, not as ubuntu/);
  });

  it('hands over nothing of its own environment', () => {
    expect(Object.keys(userEnvironment(ubuntu)).sort()).toEqual(
      ['COLORTERM', 'HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'].sort(),
    );
  });

  it.runIf(os.userInfo().uid === 0)('takes on exactly the groups of the user', async () => {
    const user = await findUser('nobody');
    if (user === undefined) return;
    const launch = runAs(['/usr/bin/id', '-G'], { user, processUid: 0, allowSudo: false });
    const options = { env: launch.env, cwd: '/', encoding: 'utf8' } as const;
    const groups = execFileSync(launch.file, launch.args, options);
    expect(groups).toBe(execFileSync('/usr/bin/id', ['-G', 'nobody'], options));
    const shown = runAs(['/usr/bin/env'], { user, processUid: 0, allowSudo: true });
    const env = execFileSync(shown.file, shown.args, { ...options, env: { ...shown.env, SECRET: 'x' } });
    expect(env.trim().split('\n').sort()).toEqual(
      Object.entries(userEnvironment(user))
        .map(([key, value]) => `${key}=${value}`)
        .sort(),
    );
  });
});
