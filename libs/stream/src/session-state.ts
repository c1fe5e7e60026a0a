/** `opening` until the shell runs, `live` until it has ended. "Detached" is not a state: the session has no attachments. */
export type SessionState<Cause extends string> =
  | { state: 'opening' }
  | { state: 'live' }
  | { state: 'ended'; cause: Cause };

const order = { opening: 0, live: 1, ended: 2 } as const;

/** The later of the two states. A session never goes back to an earlier state, and keeps the first cause of its end. */
export const advance = <Cause extends string>(
  from: SessionState<Cause>,
  to: SessionState<Cause>,
): SessionState<Cause> => (order[to.state] > order[from.state] ? to : from);
