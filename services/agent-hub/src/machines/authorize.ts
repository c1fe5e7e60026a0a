import { AppError } from '@webxterm/shared';
import { type AccessFacts, type Allowed, allowed, type Person } from './access-rule.ts';
import { FreshReads } from './fresh-reads.ts';
import type { MachineStore } from './store.ts';

export interface Access extends Allowed {
  readonly ownerId: string;
}

/** Decides the access of a person to a machine, for REST, the bus and every attach. */
export class Authorizer {
  readonly #store: Pick<MachineStore, 'accessFacts'>;
  readonly #reads = new FreshReads<AccessFacts | undefined>();

  constructor(store: Pick<MachineStore, 'accessFacts'>) {
    this.#store = store;
  }

  /** @throws AppError machine_not_found, also without access; unavailable or a database error if access cannot be read */
  async access(person: Person, agentId: string): Promise<Access> {
    const key = `${person.userId} ${agentId}`;
    const facts = await this.#reads.read(key, () => this.#store.accessFacts(person, agentId));
    const access = allowed(person, facts);
    if (facts === undefined || access === undefined) throw new AppError('machine_not_found');
    return { ...access, ownerId: facts.ownerId };
  }
}
