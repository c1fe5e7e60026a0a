import { changeFactorPolicy, type FactorPolicy, factorPolicy } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import type { z } from 'zod';
import type { UserStore } from '../accounts/user-store.ts';
import type { ListKeeper } from '../allow-list/list-keeper.ts';
import { inTransaction } from '../database/transaction.ts';
import type { CallerCheck } from '../signins/caller-check.ts';
import { changedPolicy, ruleOf } from './changed-policy.ts';
import type { FactorPolicies } from './factor-policies.ts';
import type { StoredFactorPolicy } from './factor-policy-store.ts';

export interface FactorPolicyRoutes {
  readonly connection: Connection;
  readonly users: Pick<UserStore, 'withoutFactor'>;
  readonly policies: FactorPolicies;
  readonly list: Pick<ListKeeper, 'beat'>;
  readonly callerCheck: CallerCheck;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly now: () => number;
}

/** Routes of the policy of second factors. */
export const mountFactorPolicy = (api: Api, options: FactorPolicyRoutes): void => {
  const { connection, users, policies, list, callerCheck, auditor, now } = options;

  const shown = async (policy: StoredFactorPolicy): Promise<z.input<typeof FactorPolicy>> => {
    const { admins_from, everyone_from } = ruleOf(policy);
    return {
      required: policy.required,
      grace_days: policy.grace_days,
      admins_from: admins_from === null ? null : new Date(admins_from).toISOString(),
      everyone_from: everyone_from === null ? null : new Date(everyone_from).toISOString(),
      missing: await users.withoutFactor(),
    };
  };

  api.mount(factorPolicy, async () => shown(await policies.store.read()));

  api.mount(changeFactorPolicy, async ({ caller, body }) => {
    const stillAllowed = callerCheck.asAdmin(caller);
    const changed = await inTransaction(connection, async (session) => {
      await stillAllowed(session);
      const before = await policies.store.read(session);
      const policy = changedPolicy(before, body, now());
      await policies.store.write(policy, session);
      await auditor.recordIn(session, {
        action: 'second_factor_policy_changed',
        details: { was: before.required, required: policy.required, grace_days: policy.grace_days },
      });
      return policy;
    });
    policies.note(changed);
    // The services learn it by the next beat. It is stored, so a beat that fails now only delays it.
    void list.beat();
    return shown(changed);
  });
};
