/** The lead of each clock over the clock of NATS in ms. Undefined: not known yet. */
export interface Skews {
  /** The clock of this service. */
  readonly own: number | undefined;
  /** The clock of auth, measured by its beats. */
  readonly auth: number | undefined;
}

/**
 * The largest allowed difference from the clock of NATS, in ms. Auth must be within `signinStoredWithinMs` (30 s) when its entry is stored,
 * which may be 2 s after it was signed. Two hubs that are each within 15 s of NATS are within 30 s of each other, as their messages
 * require. docs/operations.md, "Clocks".
 */
export const clockBoundsMs = { auth: 25_000, others: 15_000 } as const;

const difference = (whose: string, aheadMs: number): string =>
  `${whose} is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the clock of NATS`;

/** Describes the clocks that differ too much from the clock of NATS. Undefined if no such clock is known. */
export const clockFault = (service: string, { own, auth }: Skews): string | undefined => {
  const ownBound = service === 'auth' ? clockBoundsMs.auth : clockBoundsMs.others;
  const faults = [
    ...(own !== undefined && Math.abs(own) >= ownBound ? [difference(`the clock of this ${service}`, own)] : []),
    ...(service !== 'auth' && auth !== undefined && Math.abs(auth) >= clockBoundsMs.auth
      ? [difference('the clock of auth', auth)]
      : []),
  ];
  return faults.length === 0 ? undefined : `${faults.join('; ')}: synchronise the clocks of all machines`;
};
