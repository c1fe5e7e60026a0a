import { RatePerKey } from '@webxterm/shared';

/** Limits how often a user opens forwarded connections at one instance: each of them is two rows of the audit log, which all users share. */
export const forwardRate = (now: () => number): RatePerKey =>
  new RatePerKey(
    { burst: 600, perSecond: 5 },
    'You opened too many forwarded connections in a short time. Try again in a minute.',
    now,
  );
