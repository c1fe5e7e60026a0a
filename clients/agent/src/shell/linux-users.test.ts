import os from 'node:os';
import { describe, expect, it } from 'vitest';
import { ownUser } from './linux-user.ts';
import {
  allowedUsers,
  describeUsers,
  findAllowedUser,
  hasLoginShell,
  LinuxUserRefused,
  offeredUsers,
} from './linux-users.ts';

const own = os.userInfo().username;

describe('the accounts of a configuration', () => {
  it('begin with the default, and end with the sign for any account', () => {
    expect(allowedUsers({ linux_user: 'ann' })).toEqual(['ann']);
    expect(allowedUsers({ linux_user: 'ann', other_linux_users: ['*', 'bob', 'ann', 'bob'] })).toEqual([
      'ann',
      'bob',
      '*',
    ]);
    expect(describeUsers(['ann'])).toBe('ann');
    expect(describeUsers(['ann', 'bob', '*'])).toBe('ann, bob, or any account with a login shell');
  });
});

describe('the account of a session', () => {
  it('is the default if the request names none, and a named one of the configuration otherwise', async () => {
    expect(await findAllowedUser([own], '')).toEqual(ownUser());
    expect(await findAllowedUser(['nobody-by-this-name', own], own)).toEqual(ownUser());
    await expect(findAllowedUser(['nobody-by-this-name', own], '')).rejects.toThrow('There is no user nobody-by-');
  });

  it('is refused by name if the configuration does not have it, whatever the hub requests', async () => {
    for (const name of ['daemon', 'nobody-by-this-name', 'root\n', '*', ' ', `${own} `]) {
      const refused = findAllowedUser([own], name);
      await expect(refused).rejects.toThrow(LinuxUserRefused);
      await expect(refused).rejects.toThrow(`This machine opens no shells as ${name}, only as ${own}.`);
    }
  });

  it('is root only if the configuration names it: the sign for any account does not stand for uid 0', async () => {
    for (const name of ['root', '0', '*']) {
      const found = await findAllowedUser(['daemon', '*'], name).catch((error: unknown) => error);
      expect(found).toBeInstanceOf(Error);
    }
    await expect(findAllowedUser(['daemon', '*'], 'root')).rejects.toThrow(LinuxUserRefused);
    expect(await findAllowedUser(['daemon', 'root', '*'], 'root')).toMatchObject({ uid: 0 });
  });

  it('needs a login shell if only the sign for any account allows it', async () => {
    await expect(findAllowedUser([own, '*'], 'daemon')).rejects.toThrow(LinuxUserRefused);
    await expect(findAllowedUser([own, '*'], 'nobody-by-this-name')).rejects.toThrow('There is no user nobody-by-');
    expect(await findAllowedUser([own, 'daemon'], 'daemon')).toMatchObject({ name: 'daemon' });
  });
});

it('a login shell is listed in /etc/shells, and none that ends at once', () => {
  const listed = ['/bin/sh', '/sbin/nologin'];
  expect(hasLoginShell({ shell: '/bin/sh' }, listed)).toBe(true);
  expect(hasLoginShell({ shell: '/bin/zsh' }, listed)).toBe(false);
  expect(hasLoginShell({ shell: '/bin/zsh' }, undefined)).toBe(true);
  for (const shell of ['/sbin/nologin', '/usr/bin/false', '/bin/sync'])
    expect(hasLoginShell({ shell }, [...listed, shell])).toBe(false);
});

it('offers the accounts of /etc/passwd for the sign, without root and without those that have no login shell', async () => {
  expect(await offeredUsers(['ann', 'bob'])).toEqual(['ann', 'bob']);
  const offered = await offeredUsers(['ann', '*']);
  expect([offered[0], offered.at(-1)]).toEqual(['ann', '*']);
  for (const name of ['root', 'daemon']) expect(offered).not.toContain(name);
  const many = Array.from({ length: 40 }, (_, index) => `user${index}`);
  expect(await offeredUsers(many)).toHaveLength(32);
  expect((await offeredUsers([...many, '*'])).slice(30)).toEqual(['user30', '*']);
});
