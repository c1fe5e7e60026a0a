import type { Machine } from '@webxterm/contracts/rest';
import { machineUpdate } from '../updates/machine-update.ts';
import type { Releases } from '../updates/releases.ts';
import { type Allowed, allowed, type Person } from './access-rule.ts';
import type { Activity } from './activity.ts';
import { machineView } from './machine-view.ts';
import type { StoredMachine } from './record.ts';
import type { MachineStore } from './store.ts';

export interface MachineViewsOptions {
  readonly store: Pick<MachineStore, 'grants'>;
  readonly activity: Pick<Activity, 'latest'>;
  readonly isOnline: (agentId: string) => boolean;
  readonly releases: Pick<Releases, 'for'>;
}

/** Builds the API representation of machines for a caller. */
export class MachineViews {
  readonly #options: MachineViewsOptions;

  constructor(options: MachineViewsOptions) {
    this.#options = options;
  }

  one(machine: StoredMachine, access: Allowed): Machine {
    const { isOnline, activity, releases } = this.#options;
    const update = machineUpdate(machine, releases);
    return machineView(machine, access, isOnline(machine.agent_id), activity.latest(machine.agent_id), update);
  }

  /** The machines that the person may see, in the given order. */
  async forPerson(person: Person, machines: readonly StoredMachine[]): Promise<Machine[]> {
    const grants = await this.#options.store.grants(
      person.userId,
      machines.map(({ agent_id }) => agent_id),
    );
    return machines.flatMap((machine) => {
      // Removed machines are listed for their owners and administrators, with the rights from before the removal.
      const { agent_id: agentId, tags, owner_id: ownerId } = machine;
      const facts = { agentId, tags, ownerId, revoked: false, grant: grants.get(agentId) };
      const access = allowed(person, facts);
      return access === undefined ? [] : [this.one(machine, access)];
    });
  }
}
