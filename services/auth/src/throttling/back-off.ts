import { waitAfter as waitInARow } from '@webxterm/contracts/back-off';

/** How long somebody who fails again and again must wait: nothing for the first tries, then 1, 2, 4 … s, never more than a minute. */
export interface BackOff {
  /** So many tries cost nothing. */
  readonly freeTries: number;
  /** The longest wait, where it is not a minute. */
  readonly maxWaitMs?: number;
}

export const maxWaitMs = 60_000;
const firstWaitMs = 1000;
/** Failures are forgotten when nothing was tried for so long. */
export const forgetAfterMs = 15 * 60_000;

/** `failures` counts the one that just happened. */
export const waitAfter = ({ freeTries, maxWaitMs: longestMs = maxWaitMs }: BackOff, failures: number): number =>
  waitInARow({ firstMs: firstWaitMs, longestMs }, failures - freeTries + 1);

/** Strangers to an account share one bucket, however many addresses they have. */
export const strangers: BackOff = { freeTries: 10 };
/** A device, an address or a network from where the account was signed in before has its own. */
export const known: BackOff = { freeTries: 10 };
/** One address over all accounts: many people may sit behind it. */
export const address: BackOff = { freeTries: 100 };
/** Sign-ups from one address that met a name or e-mail that is taken: that tells who has an account. */
export const takenNames: BackOff = { freeTries: 60 };
/** Sign-ups from one address: a class that signs up behind one router gets on by six a minute when the free ones are used. */
export const signUps = (freeTries: number): BackOff => ({ freeTries, maxWaitMs: 10_000 });
