import type { FactorRule } from '@webxterm/contracts/bus';
import type { FactorRequirement } from '@webxterm/contracts/rest';
import type { StoredFactorPolicy } from './factor-policy-store.ts';

const dayMs = 86_400_000;

export interface PolicyChange {
  readonly required: FactorRequirement;
  readonly grace_days: number;
}

/** The policy after a change at `now`. A group that had to have a second factor before gets no new days of grace. */
export const changedPolicy = (
  before: StoredFactorPolicy,
  { required, grace_days }: PolicyChange,
  now: number,
): StoredFactorPolicy => ({
  ...before,
  required,
  grace_days,
  admins_since: required === 'off' ? null : (before.admins_since ?? new Date(now)),
  everyone_since: required === 'everyone' ? (before.everyone_since ?? new Date(now)) : null,
  version: Math.max(before.version + 1, now),
});

/** The policy as the other services need it. */
export const ruleOf = ({ admins_since, everyone_since, grace_days, version }: StoredFactorPolicy): FactorRule => {
  const from = (since: Date | null): number | null => (since === null ? null : since.getTime() + grace_days * dayMs);
  return { version, admins_from: from(admins_since), everyone_from: from(everyone_since) };
};
