/** Below this the echo is there before anyone misses it: prediction would only flicker. ms; the value of mosh. */
const farAboveMs = 30;
const nearBelowMs = 20;

/** Whether the machine is so far away that typing ahead of its echo helps. Not to and fro at the border. */
export class Distance {
  #far = false;

  get far(): boolean {
    return this.#far;
  }

  measured(rttMs: number): void {
    this.#far = rttMs > (this.#far ? nearBelowMs : farAboveMs);
  }
}
