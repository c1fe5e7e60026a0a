import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../log/logger.ts';

/** Why a message was skipped. */
export type RefusalReason = 'unsigned' | 'forged' | 'late' | 'copied' | 'unreadable';

const logEveryMs = 60_000;

/** Counts the messages of the bus that a service skips, and logs them once a minute for each channel. */
export class Refusals {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #unlogged = new Map<string, { since: number; count: number }>();
  #counter: Counter<'channel' | 'reason'> | undefined;

  constructor(logger: Logger, now: () => number = Date.now) {
    this.#logger = logger;
    this.#now = now;
  }

  /** `webxterm_bus_messages_skipped_total`: above 0, somebody publishes what no service of this installation does. */
  measure(registry: Registry): void {
    this.#counter = new Counter({
      name: 'webxterm_bus_messages_skipped_total',
      help: 'Messages of the bus that were skipped: not signed by their owner, copied, too late, or not of the agreed shape',
      labelNames: ['channel', 'reason'],
      registers: [registry],
    });
  }

  /** `channel`: the subject with its wildcards, so that there are few of them. */
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
    this.#logger.error(fields, 'messages of the bus are not what their owner sends, skipping them');
  }
}
