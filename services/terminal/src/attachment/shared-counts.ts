import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { maxOpenTerminalsPerEvent, OpenTerminalsEvent, openTerminalsSubject } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { type MacKey, MessageReader, type Refusals, sealMessage } from '@webxterm/shared/bus';
import { CountsElsewhere } from './counts-elsewhere.ts';

/** How often all counts are published again, for instances that are new or have missed messages. */
const publishEveryMs = 2000;

type Counts = [userId: string, open: number][];

export interface SharedCountsOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly now: () => number;
  /** MAC key that only instances of the terminal service use. */
  readonly key: MacKey;
  readonly unsignedUntil: number;
  readonly refusals: Refusals;
}

/**
 * Exchanges the numbers of open terminals per user between instances on the bus. No request waits for it. While the bus is down, each
 * instance limits only its own terminals. Instances that admit the same user at the same moment may exceed the limit.
 */
export class SharedCounts {
  readonly #options: SharedCountsOptions;
  readonly #instance = randomUUID();
  readonly #others: CountsElsewhere;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SharedCountsOptions) {
    this.#options = options;
    this.#others = new CountsElsewhere(options.now);
  }

  /** `counts`: returns the counts of every user with a terminal at this instance. */
  start(counts: () => Counts): void {
    const { bus, logger, key } = this.#options;
    const channel = openTerminalsSubject;
    const reader = new MessageReader({ ...this.#options, channel, schema: OpenTerminalsEvent, verifier: key });
    bus.subscribe(channel, {
      callback: (error, message) => {
        if (error) return logger.error({ err: error }, 'subscription failed');
        const event = reader.live(message);
        if (event !== undefined && event.instance !== this.#instance) this.#others.receive(event);
      },
    });
    this.#timer = setInterval(() => this.publish(counts()), publishEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  elsewhere(userId: string): number {
    return this.#others.of(userId);
  }

  publish(counts: Counts): void {
    const { bus, key, now, logger } = this.#options;
    try {
      for (let at = 0; at < counts.length; at += maxOpenTerminalsPerEvent) {
        const event: OpenTerminalsEvent = {
          instance: this.#instance,
          open: counts.slice(at, at + maxOpenTerminalsPerEvent),
        };
        const payload = JSON.stringify(event);
        bus.publish(openTerminalsSubject, payload, {
          headers: sealMessage(key, openTerminalsSubject, payload, now()),
        });
      }
    } catch (error) {
      logger.warn({ err: error }, 'terminal counts could not be published');
    }
  }
}
