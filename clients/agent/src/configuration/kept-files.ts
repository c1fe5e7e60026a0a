import { withinDeadline } from '@webxterm/contracts/deadline';
import { describeError } from '../failure.ts';

/** A slow disk delays a dial by this much at most; the write goes on. */
const patienceMs = 250;

/** Told when the disk stops to take writes (why), and when it takes them again (undefined). */
export type DiskReport = (problem: string | undefined) => void;

/**
 * Writes what the agent wants to find again after a restart. The running agent goes by its memory: it must be reachable on a
 * machine with a full or read-only disk, since that is where it is needed most. What cannot be written is tried again at the
 * next write.
 */
export class KeptFiles {
  readonly #report: DiskReport;
  readonly #unwritten = new Map<string, () => Promise<void>>();
  #writing: Promise<void> | undefined;
  #problem: string | undefined;

  constructor(report: DiskReport = () => {}) {
    this.#report = report;
  }

  /** Resolves when it is written, when that failed, or after 250 ms. A later write of the same file takes its place. */
  async write(file: string, write: () => Promise<void>): Promise<void> {
    this.#unwritten.set(file, write);
    this.#writing ??= this.#writeAll();
    // The write goes on, and reports by itself.
    await withinDeadline(patienceMs, this.#writing, () => new Error('slow disk')).catch(() => {});
  }

  async #writeAll(): Promise<void> {
    const failed = new Map<string, () => Promise<void>>();
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      const [file, write] = next;
      try {
        await write();
        this.#tell(undefined);
      } catch (error) {
        failed.set(file, write);
        this.#tell(`${file} cannot be written (${describeError(error)})`);
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

  /** Once for a whole outage. */
  #tell(problem: string | undefined): void {
    if ((problem === undefined) === (this.#problem === undefined)) return;
    this.#problem = problem;
    this.#report(problem);
  }
}
