import { AppError, hmacSha256, networkOf, senderKey } from '@webxterm/shared';
import { foldEmail } from '../accounts/names.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import {
  address,
  type BackOff,
  codes,
  known,
  newTokens,
  programCodes,
  programLogins,
  providerAnswers,
  signUps,
  takenNames,
  unknownClients,
  wrongTokens,
} from './back-off.ts';
import type { Buckets } from './buckets.ts';
import type { CookieOwner, KnownDevices } from './known-devices.ts';

/** A sign-in attempt. */
export interface SignInTry {
  readonly email: string;
  /** The account with that e-mail, if it exists. */
  readonly user: CookieOwner | null;
  readonly clientIp: string;
  readonly deviceCookie: string | undefined;
}

/** An admitted try. It counts as failed until one of these methods is called. */
export interface AdmittedTry {
  /** It comes from a device or address from which the account was signed in before. */
  readonly known: boolean;
  /** The password was correct, and the sign-in needs a second factor. */
  checked(): Promise<void>;
  /** The password was correct. */
  succeeded(): Promise<void>;
  /** No password was checked. */
  withdrawn(): Promise<void>;
}

/**
 * Slows down password guessing. A try is counted before its password is checked, so that of many concurrent tries only the free ones are
 * made. A device or address from which the account was signed in before has its own bucket, which no other client can fill. Other addresses
 * of such a network share one, so that a neighbour cannot block the owner. All other clients share one bucket of the account.
 */
export class SignInThrottle {
  readonly #buckets: Buckets;
  readonly #devices: KnownDevices;
  readonly #roots: RootKeys;
  readonly #signUps: BackOff;
  readonly #now: () => number;

  /** `signUpsPerAddress`: sign-ups from one address without a wait. */
  constructor(
    buckets: Buckets,
    devices: KnownDevices,
    roots: RootKeys,
    signUpsPerAddress: number,
    now: () => number = Date.now,
  ) {
    this.#buckets = buckets;
    this.#devices = devices;
    this.#roots = roots;
    this.#signUps = signUps(signUpsPerAddress);
    this.#now = now;
  }

  /** @throws AppError too_many_requests, with the time to wait */
  async admit(attempt: SignInTry): Promise<AdmittedTry> {
    const own = await this.#ownBucket(attempt);
    return own === undefined ? this.#admitUnknown(attempt) : this.#admitKnown(attempt, own);
  }

  /** @throws AppError too_many_requests: too many sign-ups from this address, or too many with a name that is taken */
  async admitSignup(clientIp: string): Promise<AdmittedSignup> {
    const from = senderKey(clientIp);
    const [made, taken] = [`signed up ${from}`, `signup ${from}`];
    refuseFor(await this.#buckets.waitOf([taken], this.#now()));
    refuseFor(await this.#buckets.reserve(made, this.#signUps, this.#now()));
    const withdrawn = (): Promise<void> => this.#buckets.refund(made, this.#signUps);
    return {
      withdrawn,
      taken: async () => {
        await withdrawn();
        await this.#buckets.fail(taken, takenNames, this.#now());
      },
    };
  }

  /** Admits a password confirmation of a signed-in user. @throws AppError too_many_requests */
  async admitConfirmation(userId: string): Promise<AdmittedCheck> {
    const key = `confirmation ${userId}`;
    refuseFor(await this.#buckets.reserve(key, known, this.#now()));
    return { succeeded: () => this.#buckets.clear(key), withdrawn: () => this.#buckets.refund(key, known) };
  }

  /** Admits a code of a second factor, in a sign-in whose password was correct. @throws AppError too_many_requests */
  async admitCode(attempt: Omit<SignInTry, 'email'> & { readonly user: CookieOwner }): Promise<AdmittedCheck> {
    const own = await this.#ownBucket(attempt);
    return this.#admitCode(own?.key ?? `account ${attempt.user._id.toHexString()}`);
  }

  /** Admits a code of a second factor of a signed-in user. @throws AppError too_many_requests */
  admitOwnCode(userId: string): Promise<AdmittedCheck> {
    return this.#admitCode(`confirmation ${userId}`);
  }

  /** Counts a new access token of a user. @throws AppError too_many_requests */
  async admitNewToken(userId: string): Promise<void> {
    refuseFor(await this.#buckets.reserve(`new token ${userId}`, newTokens, this.#now()));
  }

  /**
   * Counts an unknown access token. Only unknown ones are slowed down: one with 178 random bits cannot be guessed, so the valid token of a
   * neighbour behind the same address need not wait.
   * @throws AppError too_many_requests
   */
  async wrongToken(clientIp: string): Promise<void> {
    refuseFor(await this.#buckets.reserve(`token ${senderKey(clientIp)}`, wrongTokens, this.#now()));
  }

  /**
   * Admits the answer of a provider of sign-ins, before the provider is asked about it. A success clears nothing else, because every user of the
   * provider can cause one.
   * @throws AppError too_many_requests
   */
  async admitProviderAnswer(clientIp: string): Promise<AdmittedCheck> {
    const key = `provider ${senderKey(clientIp)}`;
    refuseFor(await this.#buckets.reserve(key, providerAnswers, this.#now()));
    const withdrawn = (): Promise<void> => this.#buckets.refund(key, providerAnswers);
    return { succeeded: withdrawn, withdrawn };
  }

  /** Counts a log-in that a program begins. @throws AppError too_many_requests */
  async admitProgramLogin(clientIp: string): Promise<void> {
    refuseFor(await this.#buckets.reserve(`program ${senderKey(clientIp)}`, programLogins, this.#now()));
  }

  /**
   * Admits a look at the request of a program by the code that a user typed. A known code withdraws it.
   * @throws AppError too_many_requests
   */
  async admitProgramCode(userId: string): Promise<Pick<AdmittedCheck, 'withdrawn'>> {
    const key = `program code ${userId}`;
    refuseFor(await this.#buckets.reserve(key, programCodes, this.#now()));
    return { withdrawn: () => this.#buckets.refund(key, programCodes) };
  }

  async #admitCode(of: string): Promise<AdmittedCheck> {
    const key = `code ${of}`;
    refuseFor(await this.#buckets.reserve(key, codes, this.#now()));
    return { succeeded: () => this.#buckets.clear(key), withdrawn: () => this.#buckets.refund(key, codes) };
  }

  /** Records the address of a successful sign-in, so that it is known next time. */
  async noteSignIn(userId: string, clientIp: string): Promise<void> {
    // A failure here must not turn a successful sign-in into a 503.
    await this.#devices.noteNetwork(userId, clientIp, this.#now()).catch(() => {});
  }

  async #ownBucket({ user, clientIp, deviceCookie }: Omit<SignInTry, 'email'>): Promise<OwnBucket | undefined> {
    if (user === null) return undefined;
    const userId = user._id.toHexString();
    const device = this.#devices.readCookie(user, deviceCookie, this.#now());
    if (device !== undefined) return { key: `device ${userId} ${device}`, owners: true };
    const known = await this.#devices.findNetwork(userId, clientIp);
    if (known === 'address') return { key: `known ${userId} ${senderKey(clientIp)}`, owners: true };
    return known && { key: `network ${userId} ${networkOf(clientIp)}`, owners: false };
  }

  async #admitKnown({ user, clientIp }: SignInTry, { key, owners }: OwnBucket): Promise<AdmittedTry> {
    refuseFor(await this.#buckets.reserve(key, known, this.#now()));
    return {
      known: owners,
      checked: () => this.#buckets.clear(key),
      succeeded: async () => {
        await this.#buckets.clear(key);
        if (user !== null) await this.noteSignIn(user._id.toHexString(), clientIp);
      },
      withdrawn: () => this.#buckets.refund(key, known),
    };
  }

  async #admitUnknown({ email, user, clientIp }: SignInTry): Promise<AdmittedTry> {
    const from = `address ${senderKey(clientIp)}`;
    // People sometimes type a password into the e-mail field, so only an HMAC of it is stored.
    const account = `account ${hmacSha256(this.#roots.current.pepper, foldEmail(email)).toString('base64url')}`;
    refuseFor(await this.#buckets.waitOf([from, account], this.#now()));
    refuseFor(await this.#buckets.reserve(account, unknownClients, this.#now()));
    const wait = await this.#buckets.reserve(from, address, this.#now());
    if (wait > 0) await this.#buckets.refund(account, unknownClients);
    refuseFor(wait);
    const checked = async (): Promise<void> => {
      await this.#buckets.clear(account);
      // Not cleared: otherwise a client with an own account could reset the bucket and guess at others without limit.
      await this.#buckets.refund(from, address);
    };
    return {
      known: false,
      checked,
      succeeded: async () => {
        await checked();
        if (user !== null) await this.noteSignIn(user._id.toHexString(), clientIp);
      },
      withdrawn: async () => {
        await this.#buckets.refund(account, unknownClients);
        await this.#buckets.refund(from, address);
      },
    };
  }
}

/** An admitted check of something else than a sign-in's password. It counts as failed until one of these methods is called. */
export type AdmittedCheck = Pick<AdmittedTry, 'succeeded' | 'withdrawn'>;

/** An admitted sign-up. It stays counted until one of these methods is called. */
export interface AdmittedSignup {
  /** The name or the address is taken, which reveals that an account exists. */
  taken(): Promise<void>;
  /** No account was made. */
  withdrawn(): Promise<void>;
}

interface OwnBucket {
  readonly key: string;
  /** Only devices and addresses of earlier sign-ins can fill it. */
  readonly owners: boolean;
}

const refuseFor = (waitMs: number): void => {
  if (waitMs <= 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new AppError('too_many_requests', `Too many tries. Wait ${seconds} s and try again.`, {
    retryAfterSeconds: seconds,
  });
};
