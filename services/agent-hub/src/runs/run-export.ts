import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Places } from '@webxterm/shared';
import type { Person } from '../machines/access-rule.ts';
import { mayUse } from '../machines/linux-users.ts';
import type { RunRecord, StoredRunTarget } from './record.ts';
import type { RunMachines } from './run-machines.ts';
import type { RunStore } from './run-store.ts';
import { targetView } from './run-views.ts';

const limits = {
  each: { most: 2, message: 'You already download the outputs of two runs.' },
  all: { most: 8, message: 'Too many downloads are in progress right now. Try again shortly.' },
} as const;
/** Machines whose outputs are in memory at once. */
const batch = 20;

/** Sends a run as NDJSON: one machine with its output a line. */
export class RunExport {
  readonly #store: RunStore;
  readonly #machines: RunMachines;
  readonly #places = new Places(limits);

  constructor(store: RunStore, machines: RunMachines) {
    this.#store = store;
    this.#machines = machines;
  }

  /** Resolves when all is sent, or the client is gone. @throws AppError too_many_requests */
  async send(run: RunRecord, person: Person, response: ServerResponse): Promise<void> {
    await this.#places.within(person.userId, async () => {
      response.writeHead(200, {
        'content-type': 'application/x-ndjson',
        'content-disposition': `attachment; filename="run-${run.run_id}.ndjson"`,
        'cache-control': 'no-store',
      });
      let cursor: string | undefined;
      do {
        const page = await this.#store.targets(run.run_id, {}, { cursor, limit: batch });
        const lines = await this.#lines(page.rows, person);
        if (response.destroyed) return;
        if (!response.write(lines)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined && !response.destroyed);
      response.end();
    });
  }

  /** The right is read for each batch, so that it may end during a long download. */
  async #lines(targets: readonly StoredRunTarget[], person: Person): Promise<string> {
    const access = await this.#machines.mayRunOn(
      person,
      targets.map(({ agent_id }) => agent_id),
    );
    const lines = await Promise.all(
      targets.map(async (target) => {
        const found = access.get(target.agent_id);
        // A machine whose command has no Linux user yet has no output.
        const mayRead = found !== undefined && mayUse(found.linuxUsers, target.linux_user ?? '');
        const output = mayRead ? await this.#store.output(target.command_id) : undefined;
        const stdout = output?.stdout.toString('utf8') ?? null;
        const stderr = output?.stderr.toString('utf8') ?? null;
        return `${JSON.stringify({ ...targetView(target), stdout, stderr })}\n`;
      }),
    );
    return lines.join('');
  }
}
