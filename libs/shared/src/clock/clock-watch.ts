import type { NatsConnection } from '@nats-io/transport-node';
import { type BusUser, signinBucket } from '@webxterm/contracts/bus';
import { Gauge } from 'prom-client';
import { z } from 'zod';
import type { Health } from '../lifecycle/health.ts';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import type { Logger } from '../log/logger.ts';
import { clockFault } from './clock-fault.ts';
import { clocksDiffer } from './clocks-differ.ts';

export interface ClockWatchOptions {
  readonly bus: NatsConnection;
  readonly service: BusUser;
  readonly health: Health;
  readonly logger: Logger;
  readonly now?: () => number;
}

const measureEveryMs = 2000;
/** A slower response is dropped, because the error of a measurement can be half of its round trip. */
const timeoutMs = 2000;
const logEveryMs = 60_000;

/** NATS includes its time in the response (since 2.10). */
const StreamInfo = z.object({ ts: z.iso.datetime() });

/**
 * Compares the clocks of this service and of auth with the clock of NATS. It reports a clock that differs too much in the part `clock` of
 * the service's health, in the log once a minute, and by the metric. Each measurement replaces the previous one, so a corrected clock
 * counts at once.
 */
export class ClockWatch {
  readonly #options: ClockWatchOptions;
  readonly #now: () => number;
  readonly #gauge: Gauge<'clock'>;
  #own: number | undefined;
  #auth: number | undefined;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#gauge = new Gauge({
      name: 'webxterm_clock_skew_seconds',
      help: 'Lead over the clock of NATS, of the clock of this service and, by its beats, of auth',
      labelNames: ['clock'],
      registers: [options.health.metrics],
    });
  }

  /** Measures now and every 2 s. Returns after the first measurement, whether it succeeded or not. */
  async start(shutdown: Shutdown): Promise<void> {
    this.#timer = setInterval(() => void this.measure(), measureEveryMs);
    shutdown.add('work', 'clock', () => clearInterval(this.#timer));
    await this.measure();
  }

  /** Describes the clocks that differ too much. Undefined if no such clock is known. */
  get fault(): string | undefined {
    return clockFault(this.#options.service, { own: this.#own, auth: this.#auth });
  }

  /** @throws AppError unavailable while a clock is too far off */
  require(): void {
    if (this.fault !== undefined) throw clocksDiffer();
  }

  /** `aheadMs`: the lead of auth's clock over the clock of NATS at its last beat. */
  noteAuth(aheadMs: number): void {
    this.#auth = aheadMs;
    this.#gauge.set({ clock: 'auth' }, aheadMs / 1000);
    this.#report();
  }

  /** Asks NATS for its time. Without a response nothing changes, because the connection reports that NATS is unavailable. */
  async measure(): Promise<void> {
    const askedAt = performance.now();
    try {
      const answer = await this.#options.bus.request(`$JS.API.STREAM.INFO.KV_${signinBucket}`, '', {
        timeout: timeoutMs,
      });
      const ts = StreamInfo.safeParse(answer.json()).data?.ts;
      const tookMs = performance.now() - askedAt;
      if (ts === undefined || tookMs > timeoutMs) return;
      this.#own = this.#now() - tookMs / 2 - Date.parse(ts);
      this.#gauge.set({ clock: this.#options.service }, this.#own / 1000);
      this.#report();
    } catch {
      // The next measurement follows.
    }
  }

  #report(): void {
    const { fault } = this;
    const { health, logger } = this.#options;
    health.set('clock', fault === undefined, fault);
    const isLogged = this.#loggedAt > Number.NEGATIVE_INFINITY;
    if (fault === undefined && isLogged) logger.info('the clocks agree again');
    if (fault === undefined) this.#loggedAt = Number.NEGATIVE_INFINITY;
    else if (performance.now() - this.#loggedAt >= logEveryMs) {
      this.#loggedAt = performance.now();
      logger.error({ reason: fault }, 'the clocks of the servers differ by too much');
    }
  }
}
