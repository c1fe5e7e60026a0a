import type { RunStopCause, RunTarget } from '@webxterm/contracts/rest';
import { runLimits } from '@webxterm/contracts/run-limits';
import type { Logger } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { endedFact, stoppedFact } from './audit.ts';
import { LedTarget } from './led-target.ts';
import type { StoredRun } from './record.ts';
import type { ChangedRun, RunClaims } from './run-claims.ts';
import type { RunDispatch } from './run-dispatch.ts';
import type { RunStore } from './run-store.ts';
import { countsOf, targetView } from './run-views.ts';
import { StarterRights, type StarterRightsOptions } from './starter-rights.ts';
import { retryMs, TargetOrders } from './target-orders.ts';
import type { TargetStates } from './target-states.ts';

/** A command that was not acknowledged is sent again after this time. The agent starts it once. */
const askSentMs = 5000;
/** A command in progress is asked for, in case its report was lost. */
const askRunningMs = 60_000;
/** After its time limit, a command may take this long to be reported. Then its machine counts as unreachable. */
const answerWithinMs = 60_000;
/** A cancelled command may take this long to end. Then its machine counts as cancelled all the same. */
const cancelWithinMs = 20_000;
/** A machine that presence has but no hub holds counts as offline after this time. */
const missingForMs = 60_000;
/** Rights and the sign-in are read again after this time. */
const checkEveryMs = 1000;
/** All machines are read again after this time, in case a message was lost. */
const readEveryMs = 10_000;

const stopWords: Readonly<Record<RunStopCause, string>> = {
  cancelled: 'The run was cancelled.',
  too_many_failures: 'The run stopped after too many failures.',
  signin_ended: 'The sign-in or access token that started the run has ended.',
  user_disabled: 'The account that started the run is disabled.',
  too_long: `The run took longer than ${runLimits.days} days.`,
};

export interface RunLeaderOptions extends StarterRightsOptions {
  readonly dispatch: Pick<RunDispatch, 'order'>;
  readonly store: Pick<RunStore, 'allTargets' | 'target' | 'find'>;
  readonly states: TargetStates;
  readonly claims: Pick<RunClaims, 'stop' | 'end'>;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly isOnline: (agentId: string) => boolean;
  readonly runChanged: (runId: string) => void;
  readonly logger: Logger;
  readonly now: () => number;
}

/**
 * Leads one run while this hub has its lease: decides which machine begins when, which command is cancelled, and when the run has ended. All
 * that it knows is in the database, so another hub can go on at any point.
 */
export class RunLeader {
  readonly #options: RunLeaderOptions;
  readonly #targets = new Map<string, LedTarget>();
  readonly #rights: StarterRights;
  readonly #orders: TargetOrders;
  #run: StoredRun;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #turning = false;
  #again = false;
  #over = false;

  constructor(run: StoredRun, options: RunLeaderOptions) {
    this.#run = run;
    this.#options = options;
    this.#rights = new StarterRights(options);
    this.#orders = new TargetOrders({
      runId: run.run_id,
      dispatch: options.dispatch,
      store: options.store,
      logger: options.logger,
      now: options.now,
      failed: (target, code) => this.#orderFailed(target, code),
      answered: () => this.wake(),
    });
  }

  get runId(): string {
    return this.#run.run_id;
  }

  get token(): string {
    return this.#run.lease.token;
  }

  get signinHash(): string {
    return this.#run.starter.signin_hash;
  }

  get userId(): string {
    return this.#run.starter.user_id;
  }

  has(agentId: string): boolean {
    return this.#targets.has(agentId);
  }

  /** Whether the run has ended, or another hub leads it. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Another hub leads the run. */
  drop(): void {
    this.#over = true;
  }

  /** The run as it is in the database now. */
  update({ stop, lease }: ChangedRun): void {
    this.#run = { ...this.#run, stop, lease };
    this.wake();
  }

  changed(targets: readonly RunTarget[]): void {
    for (const target of targets) this.#targets.get(target.agent_id)?.update(target);
    this.wake();
  }

  /** The run was stopped, or access of its user has changed. */
  async lookAgain(): Promise<void> {
    this.#checkedAtMs = Number.NEGATIVE_INFINITY;
    const run = await this.#options.store.find(this.runId).catch(() => undefined);
    if (run !== undefined && run.lease.token === this.token) this.#run = run;
    this.wake();
  }

  machineLinked(agentId: string): void {
    const target = this.#targets.get(agentId);
    if (target === undefined || target.isFinal) return;
    target.linkedAgain = true;
    target.notBeforeMs = 0;
    this.wake();
  }

  /** Does what is due. A call during a turn causes another turn. */
  wake(): void {
    this.#again = true;
    if (this.#turning || this.#over) return;
    this.#turning = true;
    setImmediate(() => void this.#turns());
  }

  async #turns(): Promise<void> {
    try {
      while (this.#again && !this.#over) {
        this.#again = false;
        await this.#turn();
      }
    } catch (error) {
      this.#options.logger.warn({ err: error, run_id: this.runId }, 'a run could not go on now; it is tried again');
    } finally {
      this.#turning = false;
    }
  }

  async #turn(): Promise<void> {
    const now = this.#options.now();
    if (now - this.#readAtMs >= readEveryMs) await this.#read(now);
    const checked = now - this.#checkedAtMs < checkEveryMs || (await this.#check(now));
    await this.#stopIfDue(now);
    if (this.#run.stop !== null) await this.#endWaiting(this.#run.stop.cause);
    await this.#giveUp(now);
    if (this.#run.stop !== null && this.#stopEndsCommands)
      await this.#cancel(this.#uncancelled, this.#run.stop.cause, stopWords[this.#run.stop.cause]);
    this.#ask(now);
    if (this.#run.stop === null && checked) await this.#beginMore(now);
    if ([...this.#targets.values()].every((target) => target.isFinal && !target.busy)) await this.#end();
  }

  async #read(now: number): Promise<void> {
    for (const stored of await this.#options.store.allTargets(this.runId)) {
      const view = targetView(stored);
      const known = this.#targets.get(stored.agent_id);
      if (known !== undefined) known.update(view);
      else this.#targets.set(stored.agent_id, new LedTarget(view));
    }
    this.#readAtMs = now;
  }

  /** @returns false if the rights cannot be read now, so that nothing more may begin */
  async #check(now: number): Promise<boolean> {
    if (this.#stopEndsCommands) return true;
    try {
      const starter = await this.#rights.starter(this.signinHash);
      if ('stop' in starter) {
        await this.#stop(starter.stop);
        return true;
      }
      const lost = await this.#rights.lost(starter.signin, this.#uncancelled);
      await this.#cancel(lost, 'access_revoked', 'You may no longer run commands on this machine.');
      this.#checkedAtMs = now;
      return true;
    } catch (error) {
      const { logger } = this.#options;
      logger.warn({ err: error, run_id: this.runId }, 'the rights of a run cannot be read now; nothing more begins');
      return false;
    }
  }

  /** Whether the run was stopped, and its commands in progress end, too. */
  get #stopEndsCommands(): boolean {
    return this.#run.stop !== null && this.#run.stop.cause !== 'too_many_failures';
  }

  async #stopIfDue(now: number): Promise<void> {
    const { created_at, stop_after_failures } = this.#run;
    if (now - created_at.getTime() > runLimits.days * 86_400_000) await this.#stop('too_long');
    if (this.#run.stop !== null || stop_after_failures === null) return;
    const failures = [...this.#targets.values()].filter(({ outcome }) => outcome === 'failed').length;
    if (failures >= stop_after_failures) await this.#stop('too_many_failures');
  }

  async #stop(cause: RunStopCause): Promise<void> {
    if (this.#stopEndsCommands) return;
    const { claims, auditor, now, runChanged, logger } = this.#options;
    const stop = { cause, at: new Date(now()) };
    await auditor.record(stoppedFact({ ...this.#run, stop }));
    const stopped = await claims.stop(this.runId, cause, stop.at);
    logger.info({ run_id: this.runId, cause }, 'a run stops');
    this.#run = stopped ?? { ...this.#run, stop };
    runChanged(this.runId);
  }

  async #endWaiting(cause: RunStopCause): Promise<void> {
    if (![...this.#targets.values()].some(({ state, busy }) => state === 'waiting' && !busy)) return;
    await this.#options.states.endWaiting(this.runId, { state: 'cancelled', reason: cause, message: stopWords[cause] });
  }

  /** Machines with a command in progress that was not ordered to end. */
  get #uncancelled(): LedTarget[] {
    return [...this.#targets.values()].filter(({ isRunning, cancelledAtMs }) => isRunning && cancelledAtMs === 0);
  }

  async #cancel(targets: readonly LedTarget[], reason: string, message: string): Promise<void> {
    if (targets.length === 0) return;
    const { states, now } = this.#options;
    const ids = targets.map(({ agentId }) => agentId);
    await states.cancelling(this.runId, ids, reason, message);
    for (const target of targets) target.cancelledAtMs = now();
  }

  /** Ends machines that have not answered in time. */
  async #giveUp(now: number): Promise<void> {
    const limitMs = this.#run.timeout_seconds * 1000 + answerWithinMs;
    for (const target of this.#targets.values()) {
      if (!target.isRunning) continue;
      const { cancelledAtMs, sinceMs, agentId } = target;
      if (cancelledAtMs > 0 && now - cancelledAtMs > cancelWithinMs)
        await this.#endHere(agentId, 'cancelled', 'no_answer', 'The machine has not confirmed the end of the command.');
      else if (sinceMs > 0 && now - sinceMs > limitMs)
        await this.#endHere(
          agentId,
          'unreachable',
          'no_answer',
          'The machine did not answer in time. The command may have run.',
        );
    }
  }

  async #endHere(agentId: string, state: 'cancelled' | 'unreachable', reason: string, message: string): Promise<void> {
    const { store, states } = this.#options;
    const stored = await store.target(this.runId, agentId);
    if (stored !== undefined) await states.end(stored, { state, reason, message });
  }

  /** Orders for commands in progress: cancels, and questions about those without a recent report. */
  #ask(now: number): void {
    for (const target of this.#targets.values()) {
      if (!target.isRunning || target.busy || now < target.notBeforeMs || !this.#orders.hasRoom) continue;
      if (target.cancelledAtMs > 0) this.#orders.give(target, 'cancel', retryMs);
      else {
        const everyMs = target.state === 'sent' ? askSentMs : askRunningMs;
        if (target.linkedAgain || now - target.sinceMs >= everyMs) this.#orders.give(target, 'begin', everyMs);
      }
    }
  }

  async #beginMore(now: number): Promise<void> {
    const { isOnline } = this.#options;
    const { concurrency, wait_until } = this.#run;
    let active = [...this.#targets.values()].filter((target) => target.isActive).length;
    for (const target of this.#targets.values()) {
      if (active >= concurrency || !this.#orders.hasRoom) return;
      if (target.state !== 'waiting' || target.busy || now < target.notBeforeMs) continue;
      if (isOnline(target.agentId)) {
        active += 1;
        this.#orders.give(target, 'begin', 0);
      } else if (wait_until === null || now >= wait_until.getTime()) await this.#offline(target.agentId);
    }
  }

  #offline(agentId: string): Promise<void> {
    const waited = this.#run.wait_until === null ? '' : ' until the time that was given';
    return this.#endHere(agentId, 'unreachable', 'machine_offline', `The machine was offline${waited}.`);
  }

  async #orderFailed(target: LedTarget, code: string): Promise<void> {
    const { isOnline, now } = this.#options;
    if (code === 'unauthenticated') this.#checkedAtMs = Number.NEGATIVE_INFINITY;
    if (target.state !== 'waiting' || code !== 'machine_offline' || this.#run.wait_until !== null) return;
    target.missingSinceMs ||= now();
    if (!isOnline(target.agentId) || now() - target.missingSinceMs > missingForMs) await this.#offline(target.agentId);
  }

  async #end(): Promise<void> {
    if (this.#targets.size === 0) return;
    const { auditor, claims, now, runChanged, logger } = this.#options;
    const counts = countsOf([...this.#targets.values()].map(({ state, outcome }) => ({ state, outcome, count: 1 })));
    await auditor.record(endedFact(this.#run, counts));
    const ended = await claims.end(this.runId, this.token, counts, new Date(now()));
    this.#over = true;
    if (ended === undefined) return;
    logger.info({ run_id: this.runId, ...counts }, 'a run has ended');
    runChanged(this.runId);
  }
}
