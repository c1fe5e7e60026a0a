import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../log/logger.ts';

/** Why a message was skipped. */
export type RefusalReason = 'unsigned' | 'forged' | 'late' | 'copied' | 'unreadable';

const logEveryMs = 60_000;

/** Counts the bus messages that a service skips, and logs them at most once a minute for each channel and reason. */
export class Refusals {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #unlogged = new Map<string, { since: number; count: number }>();
  #counter: Counter<'channel' | 'reason'> | undefined;

  constructor(logger: Logger, now: () => number = Date.now) {
    this.#logger = logger;
    this.#now = now;
  }

  /** `webxterm_bus_messages_skipped_total`: above 0, some client publishes messages that no service of this installation sends. */
  measure(registry: Registry): void {
    this.#counter = new Counter({
      name: 'webxterm_bus_messages_skipped_total',
      help: 'Bus messages that were skipped: not signed by their owner, copied, too late, or malformed',
      labelNames: ['channel', 'reason'],
      registers: [registry],
    });
  }

  /** `channel`: the subject with its wildcards, so that the number of label values stays small. */
  add(channel: string, reason: RefusalReason): void {
    this.#counter?.inc({ channel, reason });
    const key = `${channel} ${reason}`;
    const now = this.#now();
    const known = this.#unlogged.get(key);
    if (known !== undefined && now - known.since < logEveryMs) {
      known.count += 1;
      return;
    }
    this.#unlogged.set(key, { since: now, count: 0 });
    const fields = { channel, reason, skipped: (known?.count ?? 0) + 1 };
    this.#logger.error(fields, 'skipped bus messages that are not authentic or malformed');
  }
}
