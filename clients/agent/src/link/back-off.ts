import { jittered, waitAfter } from '@webxterm/contracts/back-off';

/** Limit with sessions or commands, because users wait for them. */
export const maxBackOffWithSessionsMs = 5_000;
/** Limit without them. It spreads the dials, so the end of a hub does not overload the next one. */
export const maxBackOffIdleMs = 30_000;
const firstBackOffMs = 500;

export type BackOffState = {
  /** Consecutive failed rounds over all addresses. */
  failures: number;
  /** Whether a session is open or a command runs. */
  isBusy: boolean;
};

/** ms until the next dial after a failed round: doubling, with jitter. `random` is 0 to 1. */
export const backOff = (state: BackOffState, random: number): number => {
  const longestMs = state.isBusy ? maxBackOffWithSessionsMs : maxBackOffIdleMs;
  return jittered(waitAfter({ firstMs: firstBackOffMs, longestMs }, state.failures + 1), random);
};

/** A stopped process accepts connections but never answers, and TCP detects it only after 45 s. */
const firstPatienceMs = 1_500;
const maxPatienceMs = 12_000;

/**
 * ms that a dial waits for each answer of a hub: doubling. If a whole fleet dials one hub, it answers late. An agent that gives up early
 * wastes the hub's work and dials again. With a constant 1.5 s, none of 1,000 agents stayed linked to a hub that had 5 % of a processor.
 */
export const patience = (failures: number): number =>
  waitAfter({ firstMs: firstPatienceMs, longestMs: maxPatienceMs }, failures + 1);

/**
 * ms until the first dial after a link was lost: 0 while somebody waits for output, otherwise a random part of `spreadMs`, which the hub has
 * given. A hub of an older version gives 0, which counts as 30 s.
 */
export const redialDelay = (isBusy: boolean, spreadMs: number, random: number): number =>
  isBusy ? 0 : Math.round(Math.min(spreadMs || maxBackOffIdleMs, maxBackOffIdleMs) * random);
