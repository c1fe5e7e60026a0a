import { AppError } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import type { StoredMachine } from './record.ts';
import { type MachineStore, scopeOf } from './store.ts';

/** Machines as those see them who manage them. */
export class ManagedMachines {
  readonly #store: Pick<MachineStore, 'find'>;

  constructor(store: Pick<MachineStore, 'find'>) {
    this.#store = store;
  }

  /** @throws AppError machine_not_found; forbidden for who was only granted it */
  async require(caller: Pick<Caller, 'userId' | 'role'>, agentId: string): Promise<StoredMachine> {
    const machine = await this.#store.find(scopeOf(caller), agentId);
    if (machine === undefined) throw new AppError('machine_not_found');
    if (machine.owner_id !== caller.userId && caller.role !== 'admin')
      throw new AppError('forbidden', "Only the machine's owner and administrators may do this.");
    return machine;
  }
}
