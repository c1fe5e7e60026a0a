import { withinDeadline } from '@webxterm/contracts/deadline';
import type { Logger } from '../log/logger.ts';

/** Tiers run in this order. The steps of one tier run concurrently. */
export const shutdownTiers = ['unready', 'listeners', 'clients', 'work', 'bus', 'database'] as const;
export type ShutdownTier = (typeof shutdownTiers)[number];

interface Step {
  readonly tier: ShutdownTier;
  readonly name: string;
  readonly run: () => void | Promise<void>;
  readonly deadlineMs: number;
}

/** Ordered shutdown. Each step has a deadline. A step that fails or is late is logged, and the shutdown continues. */
export class Shutdown {
  readonly #steps: Step[] = [];
  readonly #logger: Logger;
  #running: Promise<void> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get started(): boolean {
    return this.#running !== undefined;
  }

  add(tier: ShutdownTier, name: string, run: () => void | Promise<void>, deadlineMs = 5000): void {
    this.#steps.push({ tier, name, run, deadlineMs });
  }

  run(): Promise<void> {
    this.#running ??= this.#runTiers();
    return this.#running;
  }

  async #runTiers(): Promise<void> {
    for (const tier of shutdownTiers) {
      const steps = this.#steps.filter((step) => step.tier === tier);
      await Promise.all(steps.map((step) => this.#runStep(step)));
    }
  }

  async #runStep(step: Step): Promise<void> {
    const late = new Error('late');
    try {
      await withinDeadline(step.deadlineMs, Promise.resolve().then(step.run), () => late);
    } catch (error) {
      if (error === late)
        this.#logger.warn(
          { step: step.name, deadline_ms: step.deadlineMs },
          'shutdown step is late, going on without it',
        );
      else this.#logger.error({ step: step.name, err: error }, 'shutdown step failed, going on');
    }
  }
}
