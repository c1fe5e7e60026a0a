import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile } from './data-dir/private-files.ts';
import { identify, isAlive, ProcessIdentity } from './data-dir/process-identity.ts';
import { sessionFolder } from './settings.ts';
import { requireOwnFolder, runtimeFolder } from './user-folder.ts';

/**
 * Ports that are assigned to processes of one user and may not be bound yet. Seconds pass between the check of a port and the start of its
 * process, and several stacks may start at the same time.
 */
export class PortClaims {
  readonly #findFolder: () => string;
  #found: string | undefined;
  readonly #mine = new Set<number>();

  /** `folder` must belong to the user. */
  constructor(folder?: string) {
    this.#findFolder = () =>
      folder === undefined ? runtimeFolder('webxterm-ports', sessionFolder()) : requireOwnFolder(folder);
    process.once('exit', () => {
      for (const port of this.#mine) this.giveBack(port);
    });
  }

  /**
   * @returns false if a running process holds the port, including this one
   * @throws StackFailure if the folder of the claims does not belong to this user
   */
  take(port: number): boolean {
    const file = this.#file(port);
    for (const again of [true, false]) {
      try {
        writeFileSync(file, JSON.stringify(identify('port', process.pid)), { flag: 'wx' });
        this.#mine.add(port);
        return true;
      } catch {
        if (!again || !this.#isLeftBehind(file)) return false;
        rmSync(file, { force: true });
      }
    }
    return false;
  }

  giveBack(port: number): void {
    if (this.#mine.delete(port)) rmSync(this.#file(port), { force: true });
  }

  #file(port: number): string {
    this.#found ??= this.#findFolder();
    return join(this.#found, String(port));
  }

  /** Whether the claim belongs to a dead process. An unreadable claim is still being written. */
  #isLeftBehind(file: string): boolean {
    const holder = readJsonFile(file, ProcessIdentity);
    return holder !== undefined && !isAlive(holder);
  }
}
