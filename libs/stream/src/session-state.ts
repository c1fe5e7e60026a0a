/** `opening` until the shell runs, `live` until it is over. "Detached" is no state: it is just "no attachments". */
export type SessionState<Cause extends string> =
  | { state: 'opening' }
  | { state: 'live' }
  | { state: 'ended'; cause: Cause };

const order = { opening: 0, live: 1, ended: 2 } as const;

/** The later of the two: states go forward only, and the first cause of an end stands. */
export const advance = <Cause extends string>(
  from: SessionState<Cause>,
  to: SessionState<Cause>,
): SessionState<Cause> => (order[to.state] > order[from.state] ? to : from);
