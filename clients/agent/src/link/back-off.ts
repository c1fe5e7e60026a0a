/** Agents with a session are waited for by somebody. */
export const maxBackOffWithSessionsMs = 5_000;
/** The others spread out, so that a hub's end is no storm on the next one. */
export const maxBackOffIdleMs = 30_000;
const firstBackOffMs = 500;

export type BackOffState = {
  /** Rounds over all addresses that failed one after the other. */
  failures: number;
  hasSessions: boolean;
};

/** ms until the next dial after a round that failed: doubling, with full jitter. `random` is 0 to 1. */
export const backOff = (state: BackOffState, random: number): number => {
  const most = state.hasSessions ? maxBackOffWithSessionsMs : maxBackOffIdleMs;
  const ceiling = Math.min(most, firstBackOffMs * 2 ** Math.min(state.failures, 20));
  return Math.round(ceiling * (0.5 + random / 2));
};

/** ms until the first dial after a link was lost: none with sessions, spread over 30 s without. */
export const redialDelay = (hasSessions: boolean, random: number): number =>
  hasSessions ? 0 : Math.round(maxBackOffIdleMs * random);
