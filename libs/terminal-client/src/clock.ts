/** The client's time source, which tests replace. */
export interface Clock {
  /** ms, monotonic. */
  now(): number;
  /** Calls `act` after `ms`. @returns a function that cancels it */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
