const minSpreadMs = 1000;
const maxSpreadMs = 30_000;
/** Time between two dials that a hub can answer by TLS on a fraction of a processor. */
const msPerMachine = 5;

/**
 * The time over which the agents without sessions spread their dials when a hub ends, in ms: with few machines all are back within a second,
 * and with many the next hub is not overloaded.
 */
export const redialSpreadMs = (machines: number): number =>
  Math.min(maxSpreadMs, Math.max(minSpreadMs, machines * msPerMachine));
