import type { Machine, MachineRole } from '@webxterm/contracts/rest';
import { machineRole, type Person } from './access-rule.ts';
import type { Activity } from './activity.ts';
import { machineView } from './machine-view.ts';
import type { StoredMachine } from './record.ts';
import type { MachineStore } from './store.ts';

export interface MachineViewsOptions {
  readonly store: Pick<MachineStore, 'grants'>;
  readonly activity: Pick<Activity, 'latest'>;
  readonly isOnline: (agentId: string) => boolean;
}

/** Machines as people see them. */
export class MachineViews {
  readonly #options: MachineViewsOptions;

  constructor(options: MachineViewsOptions) {
    this.#options = options;
  }

  one(machine: StoredMachine, role: MachineRole): Machine {
    const { isOnline, activity } = this.#options;
    return machineView(machine, role, isOnline(machine.agent_id), activity.latest(machine.agent_id));
  }

  /** Those that the person may see, in the same order. */
  async forPerson(person: Person, machines: readonly StoredMachine[]): Promise<Machine[]> {
    const grants = await this.#options.store.grants(
      person.userId,
      machines.map(({ agent_id }) => agent_id),
    );
    return machines.flatMap((machine) => {
      // Revoked machines are listed for those who had them; the role is what it was.
      const standing = { ownerId: machine.owner_id, revoked: false, grant: grants.get(machine.agent_id) };
      const role = machineRole(person, standing);
      return role === undefined ? [] : [this.one(machine, role)];
    });
  }
}
