import { describe, expect, it } from 'vitest';
import { EnrolmentRule } from './enrolment-rule.ts';

const rule = { version: 5, admins_from: 1000, everyone_from: 2000 };

describe('the rule of second factors', () => {
  it('binds nobody before one arrived', () => {
    expect(new EnrolmentRule().binds({ role: 'admin' }, 9999)).toBe(false);
  });

  it('binds administrators and users from their times, and nobody who has a second factor', () => {
    const held = new EnrolmentRule();
    held.take(rule, 0);
    const bound = (role: 'user' | 'admin', now: number) => held.binds({ role }, now);
    expect([bound('admin', 999), bound('admin', 1000), bound('user', 1999), bound('user', 2000)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(held.binds({ role: 'admin', second_factor: true }, 9999)).toBe(false);
    expect(held.binds({ role: 'admin', second_factor: false }, 9999)).toBe(true);
  });

  it('binds administrators with everyone, if that begins earlier', () => {
    const held = new EnrolmentRule();
    held.take({ version: 1, admins_from: 5000, everyone_from: 10 }, 0);
    expect(held.binds({ role: 'admin' }, 10)).toBe(true);
  });

  it('is replaced by a greater version only, because the beats of several instances arrive in any order', () => {
    const held = new EnrolmentRule();
    expect(held.take(rule, 0)).toBe(true);
    expect(held.take({ version: 4, admins_from: null, everyone_from: null }, 0)).toBe(false);
    expect(held.take(rule, 0)).toBe(false);
    expect(held.binds({ role: 'admin' }, 3000)).toBe(true);
    expect(held.take({ version: 6, admins_from: null, everyone_from: null }, 0)).toBe(true);
    expect(held.binds({ role: 'admin' }, 3000)).toBe(false);
  });

  it('says once that one of its times has come', () => {
    const held = new EnrolmentRule();
    held.take(rule, 500);
    expect([900, 1001, 1002, 2500, 2600].map((now) => held.passed(now))).toEqual([false, true, false, true, false]);
  });
});
