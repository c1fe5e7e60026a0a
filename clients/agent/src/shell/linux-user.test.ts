import os from 'node:os';
import { describe, expect, it } from 'vitest';
import { findUser, ownUser, parsePasswdLine } from './linux-user.ts';

describe('parsePasswdLine', () => {
  it('reads an account', () => {
    expect(parsePasswdLine('ubuntu:x:1000:1001:Ubuntu,,,:/home/ubuntu:/bin/bash')).toEqual({
      name: 'ubuntu',
      uid: 1000,
      gid: 1001,
      home: '/home/ubuntu',
      shell: '/bin/bash',
    });
  });

  it('takes /bin/sh where no shell is named, as login does', () => {
    expect(parsePasswdLine('a:x:1:1:::')).toMatchObject({ home: '/', shell: '/bin/sh' });
  });

  it.each(['', 'a:x:1', 'a:x:one:1::/:/bin/sh', '+::::::'])('refuses %j', (line) => {
    expect(parsePasswdLine(line)).toBeUndefined();
  });
});

describe('findUser', () => {
  it('finds the user of this process and root', async () => {
    expect(await findUser(os.userInfo().username)).toEqual(ownUser());
    expect(await findUser('root')).toMatchObject({ uid: 0 });
  });

  it.each(['nobody-by-this-name', '--help', '-n', 'a b', '', '0', '+0', '-0', ' 0', 'root:x', 'root\n'])(
    'does not find %j',
    async (name) => {
      expect(await findUser(name)).toBeUndefined();
    },
  );
});
