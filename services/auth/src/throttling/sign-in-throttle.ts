import { AppError, addressOf, hmacSha256, networkOf } from '@webxterm/shared';
import { foldEmail } from '../accounts/names.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import { address, type BackOff, known, signUps, strangers, takenNames } from './back-off.ts';
import type { Buckets } from './buckets.ts';
import type { CookieOwner, KnownDevices } from './known-devices.ts';

/** Who tries to sign in. */
export interface SignInTry {
  readonly email: string;
  /** The account by that e-mail, if there is one. */
  readonly user: CookieOwner | null;
  readonly clientIp: string;
  readonly deviceCookie: string | undefined;
}

/** A try that may be made, and that is counted as failed until one of these says otherwise. */
export interface AdmittedTry {
  /** It comes from where the account was signed in before. */
  readonly known: boolean;
  /** The password was right. */
  succeeded(): Promise<void>;
  /** No password was checked. */
  withdrawn(): Promise<void>;
}

/**
 * Slows down who guesses, before a password is looked at: a try is counted before it is made, so that of many at once only the free
 * ones are made. Strangers to an account share one bucket. A device and an address that it was signed in from have their own, which
 * nobody else can fill; other addresses of such a network share one, so that a neighbour takes nothing from the owner.
 */
export class SignInThrottle {
  readonly #buckets: Buckets;
  readonly #devices: KnownDevices;
  readonly #roots: RootKeys;
  readonly #signUps: BackOff;
  readonly #now: () => number;

  /** `signUpsPerAddress`: so many from one address go through at once. */
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

  /** @throws AppError too_many_requests, with how long to wait */
  async admit(attempt: SignInTry): Promise<AdmittedTry> {
    const own = await this.#ownBucket(attempt);
    return own === undefined ? this.#admitStranger(attempt) : this.#admitKnown(attempt, own);
  }

  /** @throws AppError too_many_requests: too many sign-ups from there, or too many that met a name that is taken */
  async admitSignup(clientIp: string): Promise<AdmittedSignup> {
    const from = addressOf(clientIp);
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

  /** Somebody who is signed in shows their password again. @throws AppError too_many_requests */
  async admitConfirmation(userId: string): Promise<Omit<AdmittedTry, 'known'>> {
    const key = `confirmation ${userId}`;
    refuseFor(await this.#buckets.reserve(key, known, this.#now()));
    return { succeeded: () => this.#buckets.clear(key), withdrawn: () => this.#buckets.refund(key, known) };
  }

  /** The account was signed in from there: next time it is no stranger. */
  async noteSignIn(userId: string, clientIp: string): Promise<void> {
    // A sign-in that stands must not be answered 503 for the sake of this.
    await this.#devices.noteNetwork(userId, clientIp, this.#now()).catch(() => {});
  }

  async #ownBucket({ user, clientIp, deviceCookie }: SignInTry): Promise<OwnBucket | undefined> {
    if (user === null) return undefined;
    const userId = user._id.toHexString();
    const device = this.#devices.readCookie(user, deviceCookie, this.#now());
    if (device !== undefined) return { key: `device ${userId} ${device}`, owners: true };
    const known = await this.#devices.knows(userId, clientIp);
    if (known === 'address') return { key: `known ${userId} ${addressOf(clientIp)}`, owners: true };
    return known && { key: `network ${userId} ${networkOf(clientIp)}`, owners: false };
  }

  async #admitKnown({ user, clientIp }: SignInTry, { key, owners }: OwnBucket): Promise<AdmittedTry> {
    refuseFor(await this.#buckets.reserve(key, known, this.#now()));
    return {
      known: owners,
      succeeded: async () => {
        await this.#buckets.clear(key);
        if (user !== null) await this.noteSignIn(user._id.toHexString(), clientIp);
      },
      withdrawn: () => this.#buckets.refund(key, known),
    };
  }

  async #admitStranger({ email, user, clientIp }: SignInTry): Promise<AdmittedTry> {
    const from = `address ${addressOf(clientIp)}`;
    // What is typed into the e-mail field is at times a password: it is not kept.
    const account = `account ${hmacSha256(this.#roots.current.pepper, foldEmail(email)).toString('base64url')}`;
    refuseFor(await this.#buckets.waitOf([from, account], this.#now()));
    refuseFor(await this.#buckets.reserve(account, strangers, this.#now()));
    const wait = await this.#buckets.reserve(from, address, this.#now());
    if (wait > 0) await this.#buckets.refund(account, strangers);
    refuseFor(wait);
    return {
      known: false,
      succeeded: async () => {
        await this.#buckets.clear(account);
        // Not cleared: with an account of one's own, one address could guess at others without end.
        await this.#buckets.refund(from, address);
        if (user !== null) await this.noteSignIn(user._id.toHexString(), clientIp);
      },
      withdrawn: async () => {
        await this.#buckets.refund(account, strangers);
        await this.#buckets.refund(from, address);
      },
    };
  }
}

/** A sign-up that may be made, counted until one of these says otherwise. */
export interface AdmittedSignup {
  /** The name or the address is somebody's: that tells who has an account. */
  taken(): Promise<void>;
  /** No account was made. */
  withdrawn(): Promise<void>;
}

interface OwnBucket {
  readonly key: string;
  /** Nobody but those who were signed in fill it. */
  readonly owners: boolean;
}

const refuseFor = (waitMs: number): void => {
  if (waitMs <= 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new AppError('too_many_requests', `Too many tries. Wait ${seconds} s and try again.`, {
    retryAfterSeconds: seconds,
  });
};
