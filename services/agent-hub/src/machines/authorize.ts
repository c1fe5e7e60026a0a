import { AppError } from '@webxterm/shared';
import { type Allowed, allowed, type Person } from './access-rule.ts';
import { FreshReads } from './fresh-reads.ts';
import type { MachineStore, StoredFacts } from './store.ts';

export interface Access extends Allowed {
  readonly ownerId: string;
}

/** How often a use is noted before the person is refused: a concurrent note of the same user can only widen it. */
const notesTried = 3;

/** Decides the access of a person to a machine, for REST, the bus and every attach. */
export class Authorizer {
  readonly #store: Pick<MachineStore, 'accessFacts' | 'noteUse'>;
  readonly #reads = new FreshReads<StoredFacts | undefined>();

  constructor(store: Pick<MachineStore, 'accessFacts' | 'noteUse'>) {
    this.#store = store;
  }

  /** @throws AppError machine_not_found, also without access; unavailable or a database error if access cannot be read */
  async access(person: Person, agentId: string): Promise<Access> {
    return this.#judge(person, await this.#facts(person, agentId));
  }

  /**
   * The same before the person opens a session or runs a command. If a group or a tag gives the access, the use is noted first and the
   * access read again: what a later change of the group or the tag ends is found by the notes.
   */
  async use(person: Person, agentId: string): Promise<Access> {
    for (let notes = 0; ; notes += 1) {
      const facts = await this.#facts(person, agentId);
      const access = this.#judge(person, facts);
      if (!facts?.toNote) return access;
      if (notes === notesTried) throw new AppError('unavailable');
      await this.#store.noteUse(person.userId, facts);
    }
  }

  #facts(person: Person, agentId: string): Promise<StoredFacts | undefined> {
    return this.#reads.read(`${person.userId} ${agentId}`, () => this.#store.accessFacts(person, agentId));
  }

  #judge(person: Person, facts: StoredFacts | undefined): Access {
    const access = allowed(person, facts);
    if (facts === undefined || access === undefined) throw new AppError('machine_not_found');
    return { ...access, ownerId: facts.ownerId };
  }
}
