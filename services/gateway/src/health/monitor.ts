import type { Owner, Pool } from '../upstreams/pool.ts';
import { probe, type Readiness } from './probe.ts';
import { type HealthSummary, isReady, summarize } from './summary.ts';

const freshMs = 1000;

export interface Watched {
  readonly pool: Pool;
  /** The base URL of /readyz of each instance, in the pool's order. One URL for all if a load balancer is in front. */
  readonly healthUrls: readonly string[];
}

/** Probes every instance at most once a second and marks unready instances in the pools. */
export class HealthMonitor {
  readonly #watched: readonly Watched[];
  readonly #version: string;
  #latest: { readonly at: number; readonly summary: Promise<HealthSummary> } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(version: string, watched: readonly Watched[]) {
    this.#version = version;
    this.#watched = watched;
  }

  /** Probes periodically if a pool has several instances. With one instance each there is no choice to make. */
  start(): void {
    if (this.#watched.some(({ pool }) => pool.size > 1)) this.#timer = setInterval(() => void this.check(), freshMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The state of each part, at most a second old. */
  check(): Promise<HealthSummary> {
    const now = performance.now();
    // Slightly less than the interval, otherwise every second tick would still find the previous result fresh.
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
