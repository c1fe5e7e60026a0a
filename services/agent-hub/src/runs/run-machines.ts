import type { Right } from '@webxterm/contracts/rights';
import { AppError } from '@webxterm/shared';
import { trusted } from 'mongoose';
import { type Allowed, allowed, type Person } from '../machines/access-rule.ts';
import { listOrder } from '../machines/list-order.ts';
import type { MachineModels } from '../machines/record.ts';
import { type MachineStore, scopeOf } from '../machines/store.ts';

const right: Right = 'command';

/** A machine on which the person may run commands. */
export interface RunMachine {
  readonly agent_id: string;
  readonly name: string;
}

export interface Selection {
  readonly tag: string | undefined;
  readonly search: string | undefined;
}

/** Finds the machines of runs, by the caller's right to run commands on each. */
export class RunMachines {
  readonly #models: Pick<MachineModels, 'machines'>;
  readonly #store: MachineStore;

  constructor(models: Pick<MachineModels, 'machines'>, store: MachineStore) {
    this.#models = models;
    this.#store = store;
  }

  /** The access of a person to these machines. Those without access are missing. */
  async accessTo(person: Person, agentIds: readonly string[]): Promise<Map<string, Allowed & RunMachine>> {
    const among = { agent_id: trusted({ $in: [...agentIds] }) };
    const [machines, grants] = await Promise.all([
      this.#models.machines
        .find(among, { agent_id: 1, name: 1, owner_id: 1, revoked_at: 1, tags: 1 })
        .sort({ name_key: 1, _id: 1 })
        .lean(),
      this.#store.grants(person.userId, agentIds),
    ]);
    const found = machines.flatMap(({ agent_id, name, owner_id: ownerId, revoked_at, tags }) => {
      const facts = { agentId: agent_id, tags, ownerId, revoked: revoked_at !== null, grant: grants.get(agent_id) };
      const access = allowed(person, facts);
      return access === undefined ? [] : [[agent_id, { ...access, agent_id, name }] as const];
    });
    return new Map(found);
  }

  /** Those of these machines on which the person may run commands. */
  async mayRunOn(person: Person, agentIds: readonly string[]): Promise<Map<string, Allowed & RunMachine>> {
    const access = await this.accessTo(person, agentIds);
    return new Map([...access].filter(([, { rights }]) => rights.includes(right)));
  }

  /** The named machines, by name. @throws AppError machine_not_found, view_only for one on which the person may run no commands */
  async named(person: Person, agentIds: readonly string[]): Promise<RunMachine[]> {
    const access = await this.accessTo(person, agentIds);
    const unknown = agentIds.find((agentId) => !access.has(agentId));
    if (unknown !== undefined)
      throw new AppError('machine_not_found', `There is no machine ${unknown}, or you have no access to it.`);
    const seen = [...access.values()].find(({ rights }) => !rights.includes(right));
    if (seen !== undefined) throw new AppError('view_only', `You may not run commands on ${seen.name}.`);
    return [...access.values()];
  }

  /** The machines that a search or a tag finds and on which the person may run commands, by name: at most `limit`, and one more. */
  async selected(person: Person, { tag, search }: Selection, limit: number): Promise<RunMachine[]> {
    const found: RunMachine[] = [];
    const query = { mark: 'runs', search, tag, owner: undefined, version: undefined, agentIds: undefined } as const;
    const rest = { order: listOrder('name', () => []), revoked: false, pending: false, limit: 500 } as const;
    let cursor: string | undefined;
    do {
      const page = await this.#store.list(scopeOf(person), { ...query, ...rest, page: 1, cursor });
      const ids = page.machines.map(({ agent_id }) => agent_id);
      found.push(...(await this.mayRunOn(person, ids)).values());
      cursor = page.next ?? undefined;
    } while (cursor !== undefined && found.length <= limit);
    return found.slice(0, limit + 1);
  }
}
