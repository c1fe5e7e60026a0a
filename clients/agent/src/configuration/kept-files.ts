import { withinDeadline } from '@webxterm/contracts/deadline';
import { describeError } from '../failure.ts';

/** A slow disk delays a dial by at most this time. The write continues. */
const patienceMs = 250;

/** Called with the reason when writing begins to fail, and with undefined when it works again. */
export type DiskReport = (problem: string | undefined) => void;

/**
 * Writes files for the next start of the agent. The running agent uses its memory instead, because it must stay reachable on a machine with
 * a full or read-only disk. Failed writes are repeated with the next write.
 */
export class KeptFiles {
  readonly #report: DiskReport;
  readonly #unwritten = new Map<string, () => Promise<void>>();
  #writing: Promise<void> | undefined;
  #problem: string | undefined;

  constructor(report: DiskReport = () => {}) {
    this.#report = report;
  }

  /** Resolves when the write has succeeded or failed, or after 250 ms. A later write of the same file replaces a pending one. */
  async write(file: string, write: () => Promise<void>): Promise<void> {
    this.#unwritten.set(file, write);
    this.#writing ??= this.#writeAll();
    // The write continues and reports its own failure.
    await withinDeadline(patienceMs, this.#writing, () => new Error('slow disk')).catch(() => {});
  }

  async #writeAll(): Promise<void> {
    const failed = new Map<string, () => Promise<void>>();
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      const [file, write] = next;
      try {
        await write();
        this.#reportChange(undefined);
      } catch (error) {
        failed.set(file, write);
        this.#reportChange(`${file} cannot be written (${describeError(error)})`);
      }
    }
    for (const [file, write] of failed) if (!this.#unwritten.has(file)) this.#unwritten.set(file, write);
    this.#writing = undefined;
  }

  #take(): [string, () => Promise<void>] | undefined {
    const [first] = this.#unwritten;
    if (first !== undefined) this.#unwritten.delete(first[0]);
    return first;
  }

  /** Reports once per outage. */
  #reportChange(problem: string | undefined): void {
    if ((problem === undefined) === (this.#problem === undefined)) return;
    this.#problem = problem;
    this.#report(problem);
  }
}
