import type { Owner, Pool } from '../upstreams/pool.ts';
import { probe, type Readiness } from './probe.ts';
import { type HealthSummary, isReady, summarize } from './summary.ts';

const freshMs = 1000;

export interface Watched {
  readonly pool: Pool;
  /** Where each instance of the pool answers /readyz, in the pool's order; one URL for all where something else balances. */
  readonly healthUrls: readonly string[];
}

/** Asks every instance how it is, at most once a second, and tells the pools which to pass over. */
export class HealthMonitor {
  readonly #watched: readonly Watched[];
  readonly #version: string;
  #latest: { readonly at: number; readonly summary: Promise<HealthSummary> } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(version: string, watched: readonly Watched[]) {
    this.#version = version;
    this.#watched = watched;
  }

  /** Probes by itself where there is a choice of instances; with one of each there is nothing to pass over. */
  start(): void {
    if (this.#watched.some(({ pool }) => pool.size > 1)) this.#timer = setInterval(() => void this.check(), freshMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The state of each part, not older than a second. */
  check(): Promise<HealthSummary> {
    const now = performance.now();
    // A little under the interval, or each second tick would find the answer of the one before still fresh.
    if (this.#latest === undefined || now - this.#latest.at > freshMs * 0.9)
      this.#latest = { at: now, summary: this.#ask() };
    return this.#latest.summary;
  }

  async #ask(): Promise<HealthSummary> {
    const services = await Promise.all(this.#watched.map(async (watched) => this.#askService(watched)));
    return summarize(this.#version, services);
  }

  async #askService({ pool, healthUrls }: Watched): Promise<{ name: Owner; reports: (Readiness | undefined)[] }> {
    const reports = await Promise.all(healthUrls.map(probe));
    if (reports.length === pool.size)
      for (const [index, report] of reports.entries()) pool.probed(index, isReady(report));
    return { name: pool.owner, reports };
  }
}
