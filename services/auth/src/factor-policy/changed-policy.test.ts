import { describe, expect, it } from 'vitest';
import { changedPolicy, ruleOf } from './changed-policy.ts';
import { noPolicy } from './factor-policy-store.ts';

const day = 86_400_000;

describe('the policy of second factors', () => {
  it('requires nothing of anyone at first', () => {
    expect(ruleOf(noPolicy)).toEqual({ version: 0, admins_from: null, everyone_from: null });
  });

  it('binds a group after the days of grace', () => {
    const policy = changedPolicy(noPolicy, { required: 'admins', grace_days: 7 }, 1000);
    expect(ruleOf(policy)).toEqual({ version: 1000, admins_from: 1000 + 7 * day, everyone_from: null });
  });

  it('gives administrators no new grace when it is extended to everyone, nor when it is saved again', () => {
    const admins = changedPolicy(noPolicy, { required: 'admins', grace_days: 1 }, 1000);
    const everyone = changedPolicy(admins, { required: 'everyone', grace_days: 1 }, 2 * day);
    expect(ruleOf(everyone)).toMatchObject({ admins_from: 1000 + day, everyone_from: 3 * day });
    const again = changedPolicy(everyone, { required: 'everyone', grace_days: 1 }, 9 * day);
    expect(ruleOf(again)).toMatchObject({ admins_from: 1000 + day, everyone_from: 3 * day });
  });

  it('begins anew after it was off', () => {
    const off = changedPolicy(
      changedPolicy(noPolicy, { required: 'everyone', grace_days: 0 }, 1),
      { required: 'off', grace_days: 0 },
      2,
    );
    expect(ruleOf(off)).toMatchObject({ admins_from: null, everyone_from: null });
    expect(ruleOf(changedPolicy(off, { required: 'everyone', grace_days: 0 }, 50)).everyone_from).toBe(50);
  });

  it('has a greater version after each change, also by a clock that is behind', () => {
    const first = changedPolicy(noPolicy, { required: 'admins', grace_days: 0 }, 1000);
    expect(changedPolicy(first, { required: 'off', grace_days: 0 }, 10).version).toBe(1001);
  });
});
