import { type Logger, toAppError } from '@webxterm/shared';
import type { LedTarget } from './led-target.ts';
import type { RunDispatch } from './run-dispatch.ts';
import type { RunStore } from './run-store.ts';
import { isFinal, targetView } from './run-views.ts';

/** Orders to hubs that are on their way. */
const maxOrders = 64;
/** A machine that could not be reached, or whose order failed, gets the next order after this time. */
export const retryMs = 2000;

export interface TargetOrdersOptions {
  readonly runId: string;
  readonly dispatch: Pick<RunDispatch, 'order'>;
  readonly store: Pick<RunStore, 'target'>;
  readonly logger: Logger;
  readonly now: () => number;
  /** An order failed, with this code of the answer. */
  readonly failed: (target: LedTarget, code: string) => Promise<void>;
  readonly answered: () => void;
}

/** Orders of one run to the hubs of its machines: one at a time for each machine, and a bounded number altogether. */
export class TargetOrders {
  readonly #options: TargetOrdersOptions;
  #count = 0;

  constructor(options: TargetOrdersOptions) {
    this.#options = options;
  }

  get hasRoom(): boolean {
    return this.#count < maxOrders;
  }

  /** `thenMs`: after success, the next order about the machine is not given before this time. */
  give(target: LedTarget, what: 'begin' | 'cancel', thenMs: number): void {
    const { runId, dispatch, now, answered } = this.#options;
    target.busy = true;
    target.linkedAgain = false;
    this.#count += 1;
    dispatch
      .order(runId, target.agentId, what)
      .then(async (state) => {
        target.missingSinceMs = 0;
        target.notBeforeMs = now() + thenMs;
        if (isFinal(state)) await this.#read(target);
        else if (target.state === 'waiting') target.state = state;
        if (target.sinceMs === 0) target.sinceMs = now();
      })
      .catch((error: unknown) => this.#fail(target, error))
      .finally(() => {
        target.busy = false;
        this.#count -= 1;
        answered();
      });
  }

  async #fail(target: LedTarget, error: unknown): Promise<void> {
    const { runId, logger, now, failed } = this.#options;
    const { code } = toAppError(error);
    target.notBeforeMs = now() + retryMs;
    if (code !== 'machine_offline' && code !== 'unauthenticated')
      logger.debug({ err: error, run_id: runId, agent_id: target.agentId }, 'an order of a run failed');
    try {
      // The order may have been carried out although its answer is lost.
      await this.#read(target);
      await failed(target, code);
    } catch (readError) {
      logger.debug({ err: readError, run_id: runId }, 'a machine of a run cannot be read now');
    }
  }

  async #read(target: LedTarget): Promise<void> {
    const stored = await this.#options.store.target(this.#options.runId, target.agentId);
    if (stored !== undefined) target.update(targetView(stored));
  }
}
