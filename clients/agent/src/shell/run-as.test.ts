import os from 'node:os';
import { describe, expect, it } from 'vitest';
import type { LinuxUser } from './linux-user.ts';
import type { LoginTools } from './login-tools.ts';
import { type Purpose, runAs, userEnvironment } from './run-as.ts';

const ubuntu: LinuxUser = { name: 'ubuntu', uid: 1000, gid: 1000, home: '/home/ubuntu', shell: '/bin/bash' };
const tools: LoginTools = {
  bash: '/bin/bash',
  setpriv: '/usr/bin/setpriv',
  noNewPrivs: '/usr/bin/setpriv',
  env: '/usr/bin/env',
  su: { su: '/usr/bin/su', setsid: '/usr/bin/setsid' },
};
const login: Purpose = { kind: 'login' };
const command: Purpose = { kind: 'command', line: 'id', marker: '1-a' };
const asRoot = { user: ubuntu, processUid: 0, allowSudo: true, tools };

describe('runAs', () => {
  it('opens a PAM session as root, on a terminal of the user', () => {
    const launch = runAs(login, asRoot);
    const line = launch.args.join(' ');
    expect(line).toContain('/usr/bin/su -l -s /usr/bin/setsid -- ubuntu --ctty /bin/bash ');
    expect(launch).toMatchObject({ terminalOf: 1000, login: 'ubuntu', controlled: true, cwd: '/' });
    expect(launch.args.slice(-3)).toEqual(['', '-bash', '/bin/bash']);
    expect(line).not.toContain('no-new-privs');
    expect(runAs(command, asRoot)).toMatchObject({ terminalOf: undefined, login: 'ubuntu', controlled: true });
    expect(runAs(command, asRoot).args.slice(-5)).toEqual(['', 'bash', '/bin/bash', '-c', 'id']);
  });

  it('prevents privilege escalation unless sudo is allowed, in every mode', () => {
    const kept = { ...asRoot, allowSudo: false };
    for (const purpose of [login, command]) {
      for (const without of [{}, { su: undefined }, { su: undefined, bash: undefined }]) {
        expect(runAs(purpose, { ...kept, tools: { ...tools, ...without } }).args).toContain('--no-new-privs');
      }
      const busybox = { ...tools, su: undefined, setpriv: undefined };
      expect(runAs(purpose, { ...kept, tools: busybox }).args).toContain('--no-new-privs');
      expect(() => runAs(purpose, { ...kept, tools: { ...busybox, noNewPrivs: undefined } })).toThrow(/setpriv/);
    }
  });

  it('goes through setpriv with the groups of the user without su, and through Node without that', () => {
    const launch = runAs(login, { ...asRoot, tools: { ...tools, su: undefined } });
    const identity = ['/usr/bin/setpriv', '--reuid=1000', '--regid=1000', '--init-groups', '--reset-env', '--'];
    expect(launch.args.join(' ')).toContain(identity.join(' '));
    expect([launch.terminalOf, launch.login]).toEqual([1000, undefined]);
    const nothing = { ...tools, su: undefined, setpriv: undefined, noNewPrivs: undefined };
    expect(runAs(login, { ...asRoot, tools: nothing }).args).toContain('{"name":"ubuntu","uid":1000,"gid":1000}');
  });

  it('runs only as itself when it is not root', () => {
    const own = runAs(login, { ...asRoot, processUid: 1000 });
    expect(own.args).toContain('HOME=/home/ubuntu');
    expect(own.args).not.toContain('/usr/bin/setpriv');
    expect(own.login).toBeUndefined();
    expect(() => runAs(login, { ...asRoot, processUid: 1001 })).toThrow(/only as itself, not as ubuntu/);
  });

  it('passes on no variable of its own environment', () => {
    const keys = ['COLORTERM', 'HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'];
    expect(Object.keys(userEnvironment(ubuntu)).sort()).toEqual(keys);
    expect(Object.keys(runAs(login, asRoot).env).sort()).toEqual(['COLORTERM', 'LC_ALL', 'PATH', 'TERM']);
  });

  it('opens the same kind of session for a command as for a shell, although a command has no terminal', () => {
    const command = { kind: 'command', line: 'id', marker: 'm' } as const;
    expect(runAs(command, asRoot).env).toMatchObject({ XDG_SESSION_CLASS: 'user', XDG_SESSION_TYPE: 'tty' });
    expect(runAs(command, asRoot).env).not.toHaveProperty('TERM');
  });

  it.runIf(process.platform !== 'linux')('does not close descriptors on other systems', () => {
    const { uid, username } = os.userInfo();
    const user = { ...ubuntu, uid, name: username };
    expect(runAs(login, { ...asRoot, user, processUid: uid }).file).toBe('/usr/bin/env');
  });
});
