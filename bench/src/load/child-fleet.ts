import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';

const progressEveryMs = 5000;

/** Processes that each do a share of one thing and report on it: one alone would be what is measured. */
export class ChildFleet<Report extends { readonly failures: Record<string, number> }> {
  readonly #children: ChildProcess[] = [];
  readonly #say: (text: string) => void;
  readonly #reports = new Map<ChildProcess, Report>();

  /** `program`: beside this file. One process is started for each order. `say`: called with the progress now and then. */
  constructor(
    program: string,
    orders: readonly Record<string, unknown>[],
    schema: z.ZodType<Report>,
    say: (text: string) => void,
  ) {
    this.#say = say;
    for (const order of orders) {
      const child = fork(fileURLToPath(new URL(program, import.meta.url)), [], {
        execArgv: ['--max-old-space-size=4096'],
      });
      child.on('message', (message) => this.#reports.set(child, schema.parse(message)));
      child.send(order);
      this.#children.push(child);
    }
  }

  /** The sum over all processes. */
  sum(count: (report: Report) => number): number {
    return [...this.#reports.values()].reduce((total, report) => total + count(report), 0);
  }

  all<T>(list: (report: Report) => readonly T[]): T[] {
    return [...this.#reports.values()].flatMap(list);
  }

  /** The errors so far, most frequent first. */
  failures(): string {
    const counts = new Map<string, number>();
    for (const [why, count] of this.all((report) => Object.entries(report.failures)))
      counts.set(why, (counts.get(why) ?? 0) + count);
    return [...counts]
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, 5)
      .map(([why, count]) => `${count} x ${why}`)
      .join(', ');
  }

  /**
   * Waits until the sum is `wanted`. @returns ms since this was called
   * @throws Error with the progress and the failures
   */
  async reach(what: string, wanted: number, count: (report: Report) => number, withinMs: number): Promise<number> {
    const startedAt = performance.now();
    let toldAt = startedAt;
    for (;;) {
      const now = this.sum(count);
      if (now >= wanted) return performance.now() - startedAt;
      const dead = this.#children.find((child) => child.exitCode !== null);
      if (dead !== undefined || performance.now() - startedAt > withinMs)
        throw new Error(
          `${what}: ${now} of ${wanted} after ${Math.round((performance.now() - startedAt) / 1000)} s (${this.failures()})`,
        );
      if (performance.now() - toldAt > progressEveryMs) {
        toldAt = performance.now();
        this.#say(`  ${what}: ${now} of ${wanted} ${this.failures()}`);
      }
      await delay(200);
    }
  }

  end(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}
