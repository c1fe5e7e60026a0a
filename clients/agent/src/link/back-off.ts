import { jittered, waitAfter } from '@webxterm/contracts/back-off';

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

/** ms until the next dial after a round that failed: doubling, with jitter. `random` is 0 to 1. */
export const backOff = (state: BackOffState, random: number): number => {
  const longestMs = state.hasSessions ? maxBackOffWithSessionsMs : maxBackOffIdleMs;
  return jittered(waitAfter({ firstMs: firstBackOffMs, longestMs }, state.failures + 1), random);
};

/** A process that was stopped accepts connections and never answers: 45 s pass before TCP says so. */
const firstPatienceMs = 1_500;
const maxPatienceMs = 12_000;

/**
 * ms that a dial waits for each answer of a hub: doubling. A hub on which a whole fleet dials answers late, and whoever does not wait has
 * made it work for nothing and comes again: with 1.5 s for ever none of 1,000 agents stayed linked to a hub that had 5 % of a processor.
 */
export const patience = (failures: number): number =>
  waitAfter({ firstMs: firstPatienceMs, longestMs: maxPatienceMs }, failures + 1);

/** ms until the first dial after a link was lost: none with sessions, spread over 30 s without. */
export const redialDelay = (hasSessions: boolean, random: number): number =>
  hasSessions ? 0 : Math.round(maxBackOffIdleMs * random);
