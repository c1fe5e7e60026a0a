import type { FactorRule, SigninEntry } from '@webxterm/contracts/bus';

/** Decides which users may only set up a second factor, by the latest rule that auth sent. */
export class EnrolmentRule {
  #rule: FactorRule | undefined;
  /** Up to when `passed` was asked, in ms since 1970. */
  #askedAt = 0;

  /** @returns whether it is a newer rule than the one before */
  take(rule: FactorRule, now: number): boolean {
    if (this.#rule !== undefined && rule.version <= this.#rule.version) return false;
    this.#rule = rule;
    this.#askedAt = now;
    return true;
  }

  binds({ role, second_factor }: Pick<SigninEntry, 'role' | 'second_factor'>, now: number): boolean {
    if (second_factor === true || this.#rule === undefined) return false;
    return enrolmentFrom(this.#rule, role) <= now;
  }

  /** Whether a time of the rule has come since the last call. */
  passed(now: number): boolean {
    const { admins_from, everyone_from } = this.#rule ?? {};
    const came = [admins_from, everyone_from].some((at) => at != null && at > this.#askedAt && at <= now);
    this.#askedAt = now;
    return came;
  }
}

/** From when a user of this role without a second factor may only set one up, in ms since 1970. Infinity: never. */
export const enrolmentFrom = ({ admins_from, everyone_from }: FactorRule, role: SigninEntry['role']): number =>
  Math.min(
    everyone_from ?? Number.POSITIVE_INFINITY,
    role === 'admin' ? (admins_from ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
  );
