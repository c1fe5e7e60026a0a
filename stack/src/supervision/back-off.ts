import { jittered, waitAfter } from '@webxterm/contracts/back-off';

/** The first restart is almost immediate, because users wait for it. The delay grows with each further failure. */
const backOff = { firstMs: 100, longestMs: 10_000 };
/** The failure count is reset once a process has run for this long. */
const stableMs = 15_000;
/** Wrong settings are permanent: after this many exits with code 2 within this time, there are no more restarts. */
const configExitCode = 2;
const configExits = 5;
const configExitsWithinMs = 60_000;

export type Verdict = { readonly action: 'restart'; readonly afterMs: number } | { readonly action: 'give-up' };

/** Decides when one process is restarted. Times in ms of any monotonic clock. `random` returns 0 to 1. */
export class BackOff {
  readonly #random: () => number;
  #deaths = 0;
  #configDeaths: number[] = [];

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  died(exitCode: number | null, startedAt: number, now: number): Verdict {
    if (exitCode === configExitCode) {
      this.#configDeaths = [...this.#configDeaths, now].filter((at) => now - at < configExitsWithinMs);
      if (this.#configDeaths.length >= configExits) return { action: 'give-up' };
    }
    this.#deaths = now - startedAt >= stableMs ? 1 : this.#deaths + 1;
    return { action: 'restart', afterMs: jittered(waitAfter(backOff, this.#deaths), this.#random()) };
  }
}
