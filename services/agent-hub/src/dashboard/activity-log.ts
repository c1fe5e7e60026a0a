import type { MachineActivity } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import type { Logger } from '@webxterm/shared';
import type { Model } from 'mongoose';
import type { MachineRecord } from '../machines/record.ts';
import type { MachineScope } from '../machines/store.ts';
import type { ActivityRecord } from './record.ts';

const detailLimit = 200;

/** Recent activity on machines. It is a convenience, so a failed write is only logged. */
export class ActivityLog {
  readonly #model: Model<ActivityRecord>;
  readonly #logger: Logger;
  readonly #now: () => number;

  constructor(model: Model<ActivityRecord>, logger: Logger, now: () => number) {
    this.#model = model;
    this.#logger = logger;
    this.#now = now;
  }

  async add(
    { agent_id, name, owner_id }: Pick<MachineRecord, 'agent_id' | 'name' | 'owner_id'>,
    { what, by, detail = '', success = true }: NewActivity,
  ): Promise<void> {
    const at = new Date(this.#now());
    const record: ActivityRecord = {
      agent_id,
      machine_name: name,
      owner_id,
      what,
      username: by.username,
      detail: plainText(detail, detailLimit),
      success,
      at,
    };
    await this.#model.create(record).catch((error: unknown) => {
      this.#logger.warn({ err: error, agent_id }, 'recent activity could not be written');
    });
  }

  async latest(scope: MachineScope, limit: number): Promise<MachineActivity[]> {
    const found = await this.#model
      .find(scope.kind === 'all' ? {} : { owner_id: scope.userId })
      .sort({ at: -1, _id: -1 })
      .limit(limit)
      .lean();
    return found.map(({ _id, agent_id, at, machine_name, what, username, detail, success }) => ({
      id: _id.toHexString(),
      machine_id: agent_id,
      machine_name,
      what,
      username,
      detail,
      success,
      timestamp: at.toISOString(),
    }));
  }
}

export interface NewActivity {
  readonly what: MachineActivity['what'];
  readonly by: { readonly username: string };
  readonly detail?: string;
  readonly success?: boolean;
}
