import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';

const mostBytes = 10 * 1024 * 1024;
const tailLines = 20;

/** The raw log of a process, of bounded size: a full file is renamed to `<file>.1`, which replaces the previous one. */
export class LogFile {
  readonly path: string;
  readonly #tail: string[] = [];
  #bytes: number;

  constructor(path: string) {
    this.path = path;
    this.#bytes = existsSync(path) ? statSync(path).size : 0;
  }

  /** Returns the error if the line cannot be written, because a full disk must not stop the stack. */
  append(line: string): unknown {
    this.#tail.push(line);
    if (this.#tail.length > tailLines) this.#tail.shift();
    try {
      if (this.#bytes > mostBytes) {
        renameSync(this.path, `${this.path}.1`);
        this.#bytes = 0;
      }
      appendFileSync(this.path, `${line}\n`, { mode: 0o600 });
      this.#bytes += Buffer.byteLength(line) + 1;
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** The last lines of this run, for an error message. */
  tail(lines: number): readonly string[] {
    return this.#tail.slice(-lines);
  }
}
