import { describe, expect, it } from 'vitest';
import { loginRefusal } from './account.ts';

const dev = { name: 'dev1', uid: 1000, gid: 1000, home: '/home/dev1', shell: '/bin/bash' };
const day = 86_400_000;
const onDay = (today: number, shadow: string, nologin?: string) =>
  loginRefusal(dev, { nologin, shadow, nowMs: today * day + day / 2 });

describe('loginRefusal', () => {
  it.each([
    ['with a password', 'dev1:$y$j9T$abc:20000:0:99999:7:::'],
    ['that never had a password', 'dev1:!:20000:0:99999:7:::'],
    ['without a valid password', 'dev1:*:20000:0:99999:7:::'],
    ['on the day before it expires', 'dev1:$y$j9T$abc:20000:0:99999:7::20101:'],
    ['whose password is on its last day', 'dev1:$y$j9T$abc:20000:0:100:7:10::'],
  ])('admits an account %s', (_what, shadow) => {
    expect(onDay(20_100, shadow)).toBeUndefined();
  });

  it.each([
    ['that has expired (chage -E)', 'dev1:$y$j9T$abc:20000:0:99999:7::20100:', /expired/],
    ['that has expired at once (chage -E 0)', 'dev1:$y$j9T$abc:20000:0:99999:7::0:', /expired/],
    ['whose days of grace are over', 'dev1:$y$j9T$abc:20000:0:90:7:9::', /expired/],
    ['whose password must be changed at once (chage -d 0)', 'dev1:$y$j9T$abc:0:0:99999:7:::', /must be changed/],
    ['whose password is over, but not its days of grace', 'dev1:$y$j9T$abc:20000:0:90:7:10::', /must be changed/],
    ['that is locked (usermod -L)', 'dev1:!$y$j9T$abc:20000:0:99999:7:::', /locked/],
    ['that is locked twice (passwd -l)', 'dev1:!!$6$abc:20000:0:99999:7:::', /locked/],
  ])('refuses an account %s', (_what, shadow, reason) => {
    expect(onDay(20_100, shadow)).toMatch(reason);
  });

  it('reports the text of nologin, and admits root', () => {
    expect(onDay(20_000, 'dev1:!:20000::::::', 'Closed until noon.\n')).toBe('Closed until noon.');
    expect(onDay(20_000, 'dev1:!:20000::::::', '')).toMatch(/closed/);
    const root = { ...dev, name: 'root', uid: 0 };
    expect(loginRefusal(root, { nologin: 'Closed', shadow: 'root:!$y$x:1::::::', nowMs: 0 })).toBeUndefined();
  });
});
