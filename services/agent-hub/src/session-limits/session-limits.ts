import type { SessionLimits as Limits } from '@webxterm/contracts/rest';
import { type Logger, PeriodicTask, reasonOf } from '@webxterm/shared';
import type { ClientSession } from 'mongoose';
import type { Link } from '../agent-links/link.ts';
import type { MachineModels } from '../machines/record.ts';

export interface SessionLimitsOptions {
  readonly models: Pick<MachineModels, 'sessionLimits'>;
  readonly logger: Logger;
}

const installation = 'installation';

/** How often the limits are read, to learn of changes by other hubs, also while the bus is away. */
const readEveryMs = 10_000;

/** The limits of terminals: stored in the database, and sent to the agents, which apply them also without a hub. */
export class SessionLimits {
  readonly #options: SessionLimitsOptions;
  /** The agents that have got their welcome. */
  readonly #links = new Set<Pick<Link, 'send'>>();
  /** Undefined: not read yet, so that agents keep what they know. */
  #idleSeconds: number | undefined;
  readonly #task = new PeriodicTask(readEveryMs, () => this.refresh());

  constructor(options: SessionLimitsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#task.start();
  }

  stop(): Promise<void> {
    return this.#task.stop();
  }

  async read(): Promise<Limits> {
    const found = await this.#options.models.sessionLimits.findById(installation).lean();
    return { idle_hours: found?.idle_hours ?? null };
  }

  async write({ idle_hours }: Limits, session: ClientSession): Promise<void> {
    await this.#options.models.sessionLimits.updateOne(
      { _id: installation },
      { $set: { idle_hours } },
      { session, upsert: true },
    );
  }

  /** Sends the limits to all agents of this hub if they have changed. Never fails. */
  async refresh(): Promise<void> {
    try {
      const { idle_hours } = await this.read();
      const idleSeconds = Math.round((idle_hours ?? 0) * 3600);
      if (idleSeconds === this.#idleSeconds) return;
      this.#idleSeconds = idleSeconds;
      for (const link of this.#links) this.#send(link);
    } catch (error) {
      this.#options.logger.warn({ reason: reasonOf(error) }, 'the limits of terminals could not be read; trying again');
    }
  }

  /** Sends the limits to an agent that has just linked, and at each change. */
  follow(link: Pick<Link, 'send' | 'onClose'>): void {
    this.#links.add(link);
    link.onClose(() => this.#links.delete(link));
    this.#send(link);
  }

  #send(link: Pick<Link, 'send'>): void {
    if (this.#idleSeconds !== undefined)
      link.send({ $case: 'sessionLimits', value: { idleSeconds: this.#idleSeconds } });
  }
}
