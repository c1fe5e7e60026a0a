import type { SigninEntry } from '@webxterm/contracts/bus';
import { toAppError } from '@webxterm/shared';
import type { AllowList } from '@webxterm/shared/bus';
import { personOf } from '../machines/access-rule.ts';
import { mayUse } from '../machines/linux-users.ts';
import type { LedTarget } from './led-target.ts';
import type { RunMachines } from './run-machines.ts';

export interface StarterRightsOptions {
  readonly allowList: Pick<AllowList, 'findHashed' | 'peek'>;
  readonly machines: Pick<RunMachines, 'mayRunOn'>;
}

/** The sign-in that started a run, or why the run must stop. */
export type Starter = { readonly signin: SigninEntry } | { readonly stop: 'user_disabled' | 'signin_ended' };

/** The rights that the user who started a run has now. */
export class StarterRights {
  readonly #options: StarterRightsOptions;

  constructor(options: StarterRightsOptions) {
    this.#options = options;
  }

  /** @throws AppError 503 if it cannot be read now */
  async starter(signinHash: string): Promise<Starter> {
    const { allowList } = this.#options;
    try {
      return { signin: await allowList.findHashed(signinHash) };
    } catch (error) {
      if (toAppError(error).status >= 500) throw error;
      return { stop: allowList.peek(signinHash)?.disabled === true ? 'user_disabled' : 'signin_ended' };
    }
  }

  /** The targets on which the user may no longer run the command. @throws AppError 503 if access cannot be read now */
  async lost(signin: SigninEntry, targets: readonly LedTarget[]): Promise<readonly LedTarget[]> {
    if (targets.length === 0) return [];
    const ids = targets.map(({ agentId }) => agentId);
    const access = await this.#options.machines.mayRunOn(personOf(signin), ids);
    return targets.filter(({ agentId, linuxUser }) => {
      const found = access.get(agentId);
      return found === undefined || (linuxUser !== null && !mayUse(found.linuxUsers, linuxUser));
    });
  }
}
