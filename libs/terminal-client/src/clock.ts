/** Time as the client sees it, so that tests own it. */
export interface Clock {
  /** ms; does not go back. */
  now(): number;
  /** Calls `act` after `ms`. @returns a function that calls it off */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
