import { jittered, waitAfter } from '@webxterm/contracts/back-off';

/** The first restart is nearly at once, for people wait for it; a process that keeps dying is tried ever more rarely. */
const backOff = { firstMs: 100, longestMs: 10_000 };
/** A process that lived this long starts counting anew. */
const stableMs = 15_000;
/** Wrong settings do not mend themselves: this many exits with 2 within this time are the end. */
const configExitCode = 2;
const configExits = 5;
const configExitsWithinMs = 60_000;

export type Verdict = { readonly action: 'restart'; readonly afterMs: number } | { readonly action: 'give-up' };

/** Decides, for one process, when to start it again. Times in ms of any steady clock; `random` gives 0 to 1. */
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
