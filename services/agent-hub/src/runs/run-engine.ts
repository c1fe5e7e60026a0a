import { type Logger, PeriodicTask } from '@webxterm/shared';
import type { StoredRun } from './record.ts';
import type { RunChange } from './run-changes.ts';
import type { RunClaims } from './run-claims.ts';
import { RunLeader, type RunLeaderOptions } from './run-leader.ts';

const everyMs = 1000;

export interface RunEngineOptions extends Omit<RunLeaderOptions, 'claims'> {
  readonly claims: RunClaims;
  readonly logger: Logger;
}

/** The runs that this hub leads. A run whose hub has died is led by another one within seconds. */
export class RunEngine {
  readonly #options: RunEngineOptions;
  readonly #leaders = new Map<string, RunLeader>();
  readonly #task = new PeriodicTask(everyMs, () => this.#turn());
  #stopped = false;

  constructor(options: RunEngineOptions) {
    this.#options = options;
  }

  get leading(): number {
    return this.#leaders.size;
  }

  start(): void {
    this.#task.start();
  }

  /** Gives all leases up, so that other hubs go on at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#task.stop();
    const tokens = [...this.#leaders.values()].map(({ token }) => token);
    for (const leader of this.#leaders.values()) leader.drop();
    this.#leaders.clear();
    await this.#options.claims.release(tokens).catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'leases of runs could not be given up; they expire in seconds');
    });
  }

  /** Leads a run whose lease this hub has. */
  lead(run: StoredRun): void {
    // Its lease expires, and another hub takes it over.
    if (this.#stopped) return;
    this.#leaders.get(run.run_id)?.drop();
    const leader = new RunLeader(run, this.#options);
    this.#leaders.set(run.run_id, leader);
    leader.wake();
  }

  changed({ runId, runChanged, targets }: RunChange): void {
    const leader = this.#leaders.get(runId);
    if (leader === undefined) return;
    if (targets.length > 0) leader.changed(targets);
    if (runChanged) void leader.lookAgain();
  }

  signinChanged(sidHash: string): void {
    for (const leader of this.#leaders.values()) if (leader.signinHash === sidHash) void leader.lookAgain();
  }

  /** Access to a machine has changed, for one user or for all (`userId` null). */
  accessChanged(agentId: string, userId: string | null): void {
    for (const leader of this.#leaders.values())
      if (leader.has(agentId) && (userId === null || userId === leader.userId)) void leader.lookAgain();
  }

  machineLinked(agentId: string): void {
    for (const leader of this.#leaders.values()) leader.machineLinked(agentId);
  }

  async #turn(): Promise<void> {
    const { claims, logger } = this.#options;
    try {
      for (const [runId, leader] of this.#leaders) if (leader.isOver) this.#leaders.delete(runId);
      const leaders = [...this.#leaders.values()];
      const kept = leaders.length === 0 ? [] : await claims.renew(leaders.map(({ token }) => token));
      for (const leader of leaders) {
        const run = kept.find(({ run_id }) => run_id === leader.runId);
        if (run !== undefined) leader.update(run);
        else if (!leader.isOver) {
          leader.drop();
          this.#leaders.delete(leader.runId);
        }
      }
      if (this.#stopped) return;
      for (const run of await claims.takeOver()) {
        logger.info({ run_id: run.run_id }, 'leading a run whose hub is gone');
        this.lead(run);
      }
    } catch (error) {
      logger.warn({ err: error }, 'runs cannot be read or written now; it is tried again');
    }
  }
}
