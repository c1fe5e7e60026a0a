import { AppError } from '@webxterm/shared';
import { type Allowed, allowed, type Person, type Standing } from './access-rule.ts';
import { FreshReads } from './fresh-reads.ts';
import type { MachineStore } from './store.ts';

export interface Access extends Allowed {
  readonly ownerId: string;
}

/** The one answer to "what may this person do with this machine": for REST, for the bus and for every attach. */
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
    const access = allowed(person, standing);
    if (standing === undefined || access === undefined) throw new AppError('machine_not_found');
    return { ...access, ownerId: standing.ownerId };
  }
}
