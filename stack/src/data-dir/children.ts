import { join } from 'node:path';
import { z } from 'zod';
import { OrphanGuard } from '../supervision/orphan-guard.ts';
import { readJsonFile, writePrivateFile } from './private-files.ts';
import { endOtherProcess, identify, isAlive, ProcessIdentity } from './process-identity.ts';

const endWithinMs = 10_000;

/** Records the processes of this data folder. They end with this process. If one does not, the next start finds it in the file. */
export class Children {
  readonly #path: string;
  readonly #alive = new Map<string, ProcessIdentity>();
  readonly #guard = new OrphanGuard();
  #written = false;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'children.json');
  }

  /** `pid` undefined: the process with this name has ended. */
  set(name: string, pid: number | undefined): void {
    const identity = pid === undefined ? undefined : identify(name, pid);
    if (identity === undefined) this.#alive.delete(name);
    else this.#alive.set(name, identity);
    this.#guard.set([...this.#alive.values()].map((child) => child.pid));
    this.#write();
  }

  /**
   * Only the first one must succeed. A disk that is full later must not end the stack: its servers are started again when there is space.
   * Until then the guard alone ends what a killed stack left, and a process that the file names and that has ended is not alive.
   */
  #write(): void {
    try {
      writePrivateFile(this.#path, JSON.stringify([...this.#alive.values()]));
      this.#written = true;
    } catch (error) {
      if (!this.#written) throw error;
    }
  }

  /** Ends the processes that a killed stack left running. The last started ends first, so the databases end last. */
  async endStale(say: (text: string) => void): Promise<void> {
    const stale = this.#read().filter(isAlive);
    if (stale.length === 0) return;
    say(
      `the last stack on this folder was killed; ending what it left: ${stale.map((child) => child.name).join(', ')}`,
    );
    for (const child of stale.toReversed()) await endOtherProcess(child, endWithinMs);
  }

  #read(): ProcessIdentity[] {
    return readJsonFile(this.#path, z.array(ProcessIdentity)) ?? [];
  }
}
