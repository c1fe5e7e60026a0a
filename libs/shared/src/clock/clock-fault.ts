/** By how many ms a clock is ahead of that of NATS; undefined: not known yet. */
export interface Skews {
  /** The clock of this service. */
  readonly own: number | undefined;
  /** The clock of auth, by its beats. */
  readonly auth: number | undefined;
}

/**
 * Auth must be closer to NATS than `signinStoredWithinMs` (30 s) when its entry is stored, which may be 2 s after it signed it. Two hubs
 * that are each within 15 s of NATS are within 30 s of each other, as the messages between them need. docs/operations.md, "Clocks".
 */
export const clockBoundsMs = { auth: 25_000, others: 15_000 } as const;

const difference = (whose: string, aheadMs: number): string =>
  `${whose} is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the clock of NATS`;

/** Which clocks differ from NATS' by more than they may, and by how much; undefined: none that is known. */
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
