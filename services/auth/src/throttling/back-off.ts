import { waitAfter as waitInARow } from '@webxterm/contracts/back-off';

/** The wait after repeated failures: none for the first tries, then 1, 2, 4 … s, up to a maximum. */
export interface BackOff {
  /** The number of tries without a wait. */
  readonly freeTries: number;
  /** The longest wait in ms, by default a minute. */
  readonly maxWaitMs?: number;
}

export const maxWaitMs = 60_000;
const firstWaitMs = 1000;
/** Failures are forgotten after this time without a try, in ms. */
export const forgetAfterMs = 15 * 60_000;

/** The wait in ms. `failures` includes the latest one. */
export const waitAfter = ({ freeTries, maxWaitMs: longestMs = maxWaitMs }: BackOff, failures: number): number =>
  waitInARow({ firstMs: firstWaitMs, longestMs }, failures - freeTries + 1);

/** Clients from which an account was never signed in share one bucket of that account. */
export const unknownClients: BackOff = { freeTries: 10 };
/** A device, address or network from which the account was signed in before has its own bucket. */
export const known: BackOff = { freeTries: 10 };
/**
 * Codes of a second factor. Three codes of a million are right at a time, so 15 wrong ones an hour find one with 0.1 % in a day. A device or
 * address from which the account was signed in before has its own bucket.
 */
export const codes: BackOff = { freeTries: 5, maxWaitMs: 4 * 60_000 };
/** One address over all accounts. Many people may share an address. */
export const address: BackOff = { freeTries: 100 };
/** Sign-ups from one address with a name or e-mail that is taken, since the response reveals that an account exists. */
export const takenNames: BackOff = { freeTries: 60 };
/** Sign-ups from one address. A class behind one router continues with six a minute once the free ones are used. */
export const signUps = (freeTries: number): BackOff => ({ freeTries, maxWaitMs: 10_000 });
/** Access tokens that one user creates. */
export const newTokens: BackOff = { freeTries: 20 };
/** Unknown access tokens from one address. */
export const wrongTokens: BackOff = { freeTries: 100 };
/** Answers of providers from one address that prove nobody. Each of them may cost a question to the provider. */
export const providerAnswers: BackOff = { freeTries: 30 };
/** Log-ins that programs of one address begin. Each is a row for 10 minutes. */
export const programLogins: BackOff = { freeTries: 30 };
/** Unknown codes of programs that one user types. A code of 34 bits is valid for 10 minutes. */
export const programCodes: BackOff = { freeTries: 5 };
