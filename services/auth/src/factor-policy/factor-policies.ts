import type { FactorRule } from '@webxterm/contracts/bus';
import { type Logger, PeriodicTask, reasonOf } from '@webxterm/shared';
import { enrolmentFrom } from '@webxterm/shared/bus';
import type { Connection } from 'mongoose';
import type { User } from '../accounts/user.ts';
import { hasSecondFactor } from '../second-factors/second-factor.ts';
import { ruleOf } from './changed-policy.ts';
import { FactorPolicyStore, noPolicy, type StoredFactorPolicy } from './factor-policy-store.ts';

/** How often the policy is read again, because another instance may have changed it. */
const everyMs = 1000;

/** The policy of the installation as this instance knows it. Each beat of the allow-list has it. */
export class FactorPolicies {
  readonly store: FactorPolicyStore;
  readonly #logger: Logger;
  readonly #reading = new PeriodicTask(everyMs, () => this.#readAgain());
  #policy: StoredFactorPolicy = noPolicy;

  constructor(connection: Connection, logger: Logger) {
    this.store = new FactorPolicyStore(connection);
    this.#logger = logger;
  }

  async start(): Promise<void> {
    await this.refresh();
    this.#reading.start();
  }

  stop(): Promise<void> {
    return this.#reading.stop();
  }

  get rule(): FactorRule {
    return ruleOf(this.#policy);
  }

  async refresh(): Promise<void> {
    this.note(await this.store.read());
  }

  note(policy: StoredFactorPolicy): void {
    if (policy.version >= this.#policy.version) this.#policy = policy;
  }

  /** From when the user may only set up a second factor. Null: never. */
  requiredFrom(user: Pick<User, 'role' | 'second_factor'>): Date | null {
    if (hasSecondFactor(user)) return null;
    const from = enrolmentFrom(this.rule, user.role);
    return Number.isFinite(from) ? new Date(from) : null;
  }

  async #readAgain(): Promise<void> {
    await this.refresh().catch((error: unknown) => {
      this.#logger.debug({ reason: reasonOf(error) }, 'the policy of second factors cannot be read, retrying');
    });
  }
}
