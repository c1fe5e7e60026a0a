/** Below this round trip, the echo arrives before the user notices, and prediction would only flicker. ms; the value of mosh. */
const farAboveMs = 30;
const nearBelowMs = 20;

/** Whether the round trip is long enough for prediction to help. Has hysteresis, so it does not alternate near the threshold. */
export class Distance {
  #far = false;

  get far(): boolean {
    return this.#far;
  }

  measured(rttMs: number): void {
    this.#far = rttMs > (this.#far ? nearBelowMs : farAboveMs);
  }
}
