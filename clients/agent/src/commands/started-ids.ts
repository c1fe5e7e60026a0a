import { appendFile, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';

/** A hub asks for a command for at most its time limit of an hour and some minutes, so later ids are not needed. */
const keepMs = 24 * 3_600_000;
/** Ids in the file. Above it, the agent accepts no kept command until the oldest have expired. */
const maxIds = 20_000;

/** The line break is first, so that a line that was cut by a crash does not spoil the next one. */
const lineOf = (id: string, at: number): string => `\n${id} ${at}`;
const lineForm = /^([A-Za-z0-9_-]{22}) (\d{1,15})$/;

/** The ids of kept commands that this machine has accepted, in a file, so that none starts again after a restart of the agent. */
export class StartedIds {
  readonly #file: string;
  readonly #now: () => number;
  /** When each id was accepted, in ms since 1970. */
  #ids: Map<string, number> | undefined;
  /** Writes are one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string, now: () => number = Date.now) {
    this.#file = file;
    this.#now = now;
  }

  /** @throws Error if the file cannot be read */
  async has(id: string): Promise<boolean> {
    return (await this.#read()).has(id);
  }

  /** Resolves once the id is on the disk. @throws Error if it cannot be written, or there are too many */
  add(id: string): Promise<void> {
    const added = this.#last.then(() => this.#add(id));
    this.#last = added.catch(() => undefined);
    return added;
  }

  async #add(id: string): Promise<void> {
    const ids = await this.#read();
    if (ids.size >= maxIds) await this.#prune(ids);
    if (ids.size >= maxIds) throw new Error(`this machine has run ${maxIds} commands in the last 24 hours`);
    const at = this.#now();
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    await appendFile(this.#file, lineOf(id, at), { mode: 0o600 });
    const handle = await open(this.#file, 'r+');
    await handle.datasync().finally(() => handle.close());
    ids.set(id, at);
  }

  async #read(): Promise<Map<string, number>> {
    if (this.#ids !== undefined) return this.#ids;
    // A line that was cut by a crash is of a command that was not started.
    const lines = ((await readIfThere(this.#file)) ?? '').split('\n').map((line) => lineForm.exec(line));
    const ids = new Map(
      lines.flatMap((found) => (found === null ? [] : [[found[1] ?? '', Number(found[2])] as const])),
    );
    // Another call may have read it meanwhile, and added an id.
    this.#ids ??= ids;
    return this.#ids;
  }

  async #prune(ids: Map<string, number>): Promise<void> {
    const since = this.#now() - keepMs;
    const expired = [...ids].filter(([, at]) => at < since);
    // Otherwise each command that is refused would write the whole file.
    if (expired.length === 0) return;
    for (const [id] of expired) ids.delete(id);
    await writePrivate(this.#file, [...ids].map(([id, at]) => lineOf(id, at)).join(''));
  }
}
