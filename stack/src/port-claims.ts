import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile } from './data-dir/private-files.ts';
import { identify, isAlive, ProcessIdentity } from './data-dir/process-identity.ts';
import { sessionFolder } from './settings.ts';
import { requireOwnFolder, runtimeFolder } from './user-folder.ts';

/**
 * Ports that processes of one user have been given and may not listen on yet. Between the look whether a port is free and the
 * start of who gets it seconds pass, and stacks are started side by side.
 */
export class PortClaims {
  readonly #findFolder: () => string;
  #found: string | undefined;
  readonly #mine = new Set<number>();

  /** `folder` must be the user's own. */
  constructor(folder?: string) {
    this.#findFolder = () =>
      folder === undefined ? runtimeFolder('webxterm-ports', sessionFolder()) : requireOwnFolder(folder);
    process.once('exit', () => {
      for (const port of this.#mine) this.giveBack(port);
    });
  }

  /**
   * @returns false when a process that lives has it, this one too
   * @throws StackFailure when the folder of the claims is not this user's own
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

  /** By a process that could not give it back. One that cannot be read is just being written. */
  #isLeftBehind(file: string): boolean {
    const holder = readJsonFile(file, ProcessIdentity);
    return holder !== undefined && !isAlive(holder);
  }
}
