import { AppError } from '@webxterm/shared';
import { type Person, requireRight } from './access-rule.ts';
import type { Authorizer } from './authorize.ts';
import type { StoredMachine } from './record.ts';
import { type MachineStore, scopeOf } from './store.ts';

/** Finds machines that the caller may manage. */
export class ManagedMachines {
  readonly #store: Pick<MachineStore, 'find'>;
  readonly #authorizer: Pick<Authorizer, 'access'>;

  constructor(store: Pick<MachineStore, 'find'>, authorizer: Pick<Authorizer, 'access'>) {
    this.#store = store;
    this.#authorizer = authorizer;
  }

  /** @throws AppError machine_not_found; forbidden for a caller who may not manage the machine */
  async require(caller: Person, agentId: string): Promise<StoredMachine> {
    const access = await this.#authorizer.access(caller, agentId);
    requireRight(access, 'manage', "Only the machine's owner and administrators may do this.");
    const machine = await this.#store.find(scopeOf(caller), agentId);
    if (machine === undefined) throw new AppError('machine_not_found');
    return machine;
  }
}
