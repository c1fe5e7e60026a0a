import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Places } from '@webxterm/shared';
import type { Allowed, Person } from '../machines/access-rule.ts';
import { mayUse } from '../machines/linux-users.ts';
import type { RunRecord, StoredRunTarget } from './record.ts';
import type { RunMachines } from './run-machines.ts';
import type { RunStore } from './run-store.ts';
import { targetView } from './run-views.ts';

const limits = {
  each: { most: 2, message: 'You already download the outputs of two runs.' },
  all: { most: 8, message: 'Too many downloads are in progress right now. Try again shortly.' },
} as const;
/** Machines whose rights are read at once. The output of one of them is in memory. */
const batch = 20;
/** Rights that were read before this time are read again. */
const readAgainMs = 1000;
/** A client that takes nothing for this time is disconnected. It would keep its place from others. */
const stalledMs = 60_000;

const unlessGone = (error: unknown): void => {
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
};

/** Sends a run as NDJSON: one machine with its output a line. */
export class RunExport {
  readonly #store: Pick<RunStore, 'targets' | 'output'>;
  readonly #machines: Pick<RunMachines, 'mayRunOn'>;
  readonly #stalledMs: number;
  readonly #places = new Places(limits);

  constructor(
    store: Pick<RunStore, 'targets' | 'output'>,
    machines: Pick<RunMachines, 'mayRunOn'>,
    withoutReaderMs = stalledMs,
  ) {
    this.#store = store;
    this.#machines = machines;
    this.#stalledMs = withoutReaderMs;
  }

  /** Resolves when all is sent, or the client is gone. @throws AppError too_many_requests */
  async send(run: RunRecord, person: Person, response: ServerResponse): Promise<void> {
    await this.#places.within(person.userId, async () => {
      response.writeHead(200, {
        'content-type': 'application/x-ndjson',
        'content-disposition': `attachment; filename="run-${run.run_id}.ndjson"`,
        'cache-control': 'no-store',
      });
      response.setTimeout(this.#stalledMs, () => response.destroy());
      await pipeline(Readable.from(this.#all(run.run_id, person), { highWaterMark: 1 }), response).catch(unlessGone);
    });
  }

  /** The right is read for each batch, and again for a slow client, so that it may end during a long download. */
  async *#all(runId: string, person: Person): AsyncGenerator<string> {
    let cursor: string | undefined;
    do {
      const { rows, next } = await this.#store.targets(runId, {}, { cursor, limit: batch });
      const ids = rows.map(({ agent_id }) => agent_id);
      let [access, readAt] = [await this.#machines.mayRunOn(person, ids), performance.now()];
      for (const target of rows) {
        if (performance.now() - readAt > readAgainMs)
          [access, readAt] = [await this.#machines.mayRunOn(person, ids), performance.now()];
        yield await this.#line(target, access.get(target.agent_id));
      }
      cursor = next ?? undefined;
    } while (cursor !== undefined);
  }

  /** `access`: of the reader. Undefined: none. */
  async #line(target: StoredRunTarget, access: Pick<Allowed, 'linuxUsers'> | undefined): Promise<string> {
    // A machine whose command has no Linux user yet has no output.
    const mayRead = access !== undefined && mayUse(access.linuxUsers, target.linux_user ?? '');
    const output = mayRead ? await this.#store.output(target.command_id) : undefined;
    const stdout = output?.stdout.toString('utf8') ?? null;
    const stderr = output?.stderr.toString('utf8') ?? null;
    return `${JSON.stringify({ ...targetView(target), stdout, stderr })}\n`;
  }
}
