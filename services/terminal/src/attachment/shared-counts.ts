import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { maxOpenTerminalsTold, OpenTerminalsEvent, openTerminalsSubject } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { CountsElsewhere } from './counts-elsewhere.ts';

/** All counts are told again this often, for instances that are new or missed something. */
const tellEveryMs = 2000;

type Counts = [userId: string, open: number][];

/**
 * How many terminals a user has open at the other instances. They tell each other on the bus: nothing waits for it, and while it is
 * away each instance bounds what it has itself. Two that let somebody in at the same moment may both do so.
 */
export class SharedCounts {
  readonly #bus: NatsConnection;
  readonly #logger: Logger;
  readonly #instance = randomUUID();
  readonly #others: CountsElsewhere;
  #timer: NodeJS.Timeout | undefined;

  constructor(bus: NatsConnection, { now, logger }: { now: () => number; logger: Logger }) {
    this.#bus = bus;
    this.#logger = logger;
    this.#others = new CountsElsewhere(now);
  }

  /** `counts`: of every user with a terminal here. */
  start(counts: () => Counts): void {
    this.#bus.subscribe(openTerminalsSubject, {
      callback: (error, message) => {
        if (error) return this.#logger.error({ err: error }, 'subscription failed');
        const told = OpenTerminalsEvent.safeParse(parse(message.string()));
        if (!told.success) return this.#logger.error('counts of terminals lack the agreed shape, ignoring them');
        if (told.data.instance !== this.#instance) this.#others.heard(told.data);
      },
    });
    this.#timer = setInterval(() => this.tell(counts()), tellEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  elsewhere(userId: string): number {
    return this.#others.of(userId);
  }

  tell(counts: Counts): void {
    try {
      for (let at = 0; at < counts.length; at += maxOpenTerminalsTold) {
        const told: OpenTerminalsEvent = {
          instance: this.#instance,
          open: counts.slice(at, at + maxOpenTerminalsTold),
        };
        this.#bus.publish(openTerminalsSubject, JSON.stringify(told));
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'counts of terminals could not be told');
    }
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
