/** How long somebody who fails again and again must wait: nothing for the first tries, then 1, 2, 4 … s, never more than a minute. */
export interface BackOff {
  /** So many tries cost nothing. */
  readonly freeTries: number;
}

export const maxWaitMs = 60_000;
const firstWaitMs = 1000;
/** Failures are forgotten when nothing was tried for so long. */
export const forgetAfterMs = 15 * 60_000;

/** `failures` counts the one that just happened. */
export const waitAfter = ({ freeTries }: BackOff, failures: number): number =>
  failures < freeTries ? 0 : Math.min(maxWaitMs, firstWaitMs * 2 ** Math.min(failures - freeTries, 10));

/** Strangers to an account share one bucket, however many addresses they have. */
export const strangers: BackOff = { freeTries: 10 };
/** A device or network from where the account was signed in before has its own. */
export const known: BackOff = { freeTries: 10 };
/** One address over all accounts: many people may sit behind it. */
export const address: BackOff = { freeTries: 100 };
/** Sign-ups from one address that met a name or e-mail that is taken: that tells who has an account. */
export const takenNames: BackOff = { freeTries: 60 };
