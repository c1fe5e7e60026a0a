import { describe, expect, it } from 'vitest';
import { chooseLinuxUser, offeredTo } from './linux-users.ts';

const link = (linuxUsers: readonly string[], capabilities: readonly string[] = ['linux_users']) => ({
  identity: { linuxUsers },
  capabilities,
});
const several = link(['ubuntu', 'deploy', 'root']);
const any = link(['ubuntu', 'deploy', '*']);

describe('the Linux users that a caller is offered', () => {
  it('are those of the machine, limited by the grant', () => {
    expect(offeredTo(null, ['ubuntu', 'deploy', '*'])).toEqual(['ubuntu', 'deploy', '*']);
    expect(offeredTo(['root', 'deploy'], ['ubuntu', 'deploy', 'root'])).toEqual(['deploy', 'root']);
    expect(offeredTo(['carol'], ['ubuntu', 'deploy'])).toEqual([]);
  });

  it('include the others of the grant if the machine has any account, but never the sign itself', () => {
    expect(offeredTo(['carol', 'deploy'], ['ubuntu', 'deploy', '*'])).toEqual(['deploy', 'carol']);
  });
});

describe('the Linux user of a session', () => {
  it('is by default the first that the caller may use', () => {
    expect(chooseLinuxUser('', null, several)).toBe('ubuntu');
    expect(chooseLinuxUser('', ['root', 'deploy'], several)).toBe('deploy');
    expect(chooseLinuxUser('', ['carol'], any)).toBe('carol');
  });

  it('is the requested one, which the agent checks against its own configuration', () => {
    expect(chooseLinuxUser('root', null, several)).toBe('root');
    expect(chooseLinuxUser('carol', ['carol'], several)).toBe('carol');
  });

  it('is refused by name if the grant does not have it', () => {
    expect(() => chooseLinuxUser('root', ['deploy', 'backup'], several)).toThrow(
      'Your access to this machine does not include the Linux user root, only: deploy, backup.',
    );
    expect(() => chooseLinuxUser('', ['carol'], several)).toThrow(
      'is limited to the Linux users carol, and its agent opens shells only as: ubuntu, deploy, root.',
    );
  });

  it('is only the default on an agent of an older version, which would ignore the request', () => {
    const older = link(['ubuntu'], []);
    expect(chooseLinuxUser('', null, older)).toBe('ubuntu');
    expect(chooseLinuxUser('ubuntu', ['ubuntu'], older)).toBe('ubuntu');
    expect(() => chooseLinuxUser('deploy', null, older)).toThrow('no shells as deploy, only as ubuntu. Update');
    expect(() => chooseLinuxUser('', ['deploy'], older)).toThrow('is limited to the Linux users deploy');
  });
});
