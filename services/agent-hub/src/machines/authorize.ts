import type { MachineRole } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { machineRole, type Person, type Standing } from './access-rule.ts';
import { FreshReads } from './fresh-reads.ts';
import type { MachineStore } from './store.ts';

export interface Access {
  readonly role: MachineRole;
  readonly ownerId: string;
}

/** The one answer to "may this person use this machine": for REST, for the bus and for every attach. */
export class Authorizer {
  readonly #store: Pick<MachineStore, 'standing'>;
  readonly #reads = new FreshReads<Standing | undefined>();

  constructor(store: Pick<MachineStore, 'standing'>) {
    this.#store = store;
  }

  /** @throws AppError machine_not_found, also for a machine that is not theirs; unavailable or a database error when it cannot be told */
  async access(person: Person, agentId: string): Promise<Access> {
    const key = `${person.userId} ${agentId}`;
    const standing = await this.#reads.read(key, () => this.#store.standing(person, agentId));
    const role = machineRole(person, standing);
    if (standing === undefined || role === undefined) throw new AppError('machine_not_found');
    return { role, ownerId: standing.ownerId };
  }
}
