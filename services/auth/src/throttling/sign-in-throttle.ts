import { AppError, addressOf, hmacSha256, networkOf } from '@webxterm/shared';
import { foldEmail } from '../accounts/names.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import { address, known, strangers, takenNames } from './back-off.ts';
import type { Buckets } from './buckets.ts';
import type { KnownDevices } from './known-devices.ts';

/** Who tries to sign in. */
export interface SignInTry {
  readonly email: string;
  /** The account by that e-mail, if there is one. */
  readonly userId: string | undefined;
  readonly clientIp: string;
  readonly deviceCookie: string | undefined;
}

/** A try that may be made; exactly one of these is to be called with how it went. */
export interface AdmittedTry {
  /** It comes from where the account was signed in before. */
  readonly known: boolean;
  failed(): Promise<void>;
  succeeded(): Promise<void>;
}

/**
 * Slows down who guesses, before a password is looked at. Strangers to an account share one bucket; a device or network that it was
 * signed in from has its own, which no stranger can fill.
 */
export class SignInThrottle {
  readonly #buckets: Buckets;
  readonly #devices: KnownDevices;
  readonly #roots: RootKeys;
  readonly #now: () => number;

  constructor(buckets: Buckets, devices: KnownDevices, roots: RootKeys, now: () => number = Date.now) {
    this.#buckets = buckets;
    this.#devices = devices;
    this.#roots = roots;
    this.#now = now;
  }

  /** @throws AppError too_many_requests, with how long to wait */
  async admit(attempt: SignInTry): Promise<AdmittedTry> {
    const own = await this.#ownBucket(attempt);
    return own === undefined ? this.#admitStranger(attempt) : this.#admitKnown(attempt, own);
  }

  /** @throws AppError too_many_requests: too many sign-ups from there met a name that is taken */
  async admitSignup(clientIp: string): Promise<{ taken(): Promise<void> }> {
    const key = `signup ${addressOf(clientIp)}`;
    refuseFor(await this.#buckets.waitOf([key], this.#now()));
    return { taken: () => this.#buckets.fail(key, takenNames, this.#now()) };
  }

  /** Somebody who is signed in shows their password again. @throws AppError too_many_requests */
  async admitConfirmation(userId: string): Promise<Omit<AdmittedTry, 'known'>> {
    const key = `confirmation ${userId}`;
    refuseFor(await this.#buckets.waitOf([key], this.#now()));
    return {
      failed: () => this.#buckets.fail(key, known, this.#now()),
      succeeded: () => this.#buckets.clear(key),
    };
  }

  /** The account was signed in from there: next time it is no stranger. */
  async noteSignIn(userId: string, clientIp: string): Promise<void> {
    // A sign-in that stands must not be answered 503 for the sake of this.
    await this.#devices.noteNetwork(userId, clientIp, this.#now()).catch(() => {});
  }

  async #ownBucket({ userId, clientIp, deviceCookie }: SignInTry): Promise<string | undefined> {
    if (userId === undefined) return undefined;
    const device = this.#devices.readCookie(userId, deviceCookie);
    if (device !== undefined) return `device ${userId} ${device}`;
    return (await this.#devices.knowsNetwork(userId, clientIp))
      ? `network ${userId} ${networkOf(clientIp)}`
      : undefined;
  }

  async #admitKnown({ userId, clientIp }: SignInTry, own: string): Promise<AdmittedTry> {
    refuseFor(await this.#buckets.waitOf([own], this.#now()));
    return {
      known: true,
      failed: () => this.#buckets.fail(own, known, this.#now()),
      succeeded: async () => {
        await this.#buckets.clear(own);
        if (userId !== undefined) await this.noteSignIn(userId, clientIp);
      },
    };
  }

  async #admitStranger({ email, userId, clientIp }: SignInTry): Promise<AdmittedTry> {
    const from = `address ${addressOf(clientIp)}`;
    // What is typed into the e-mail field is at times a password: it is not kept.
    const account = `account ${hmacSha256(this.#roots.current.pepper, foldEmail(email)).toString('base64url')}`;
    refuseFor(await this.#buckets.waitOf([from, account], this.#now()));
    refuseFor(await this.#buckets.reserve(account, strangers, this.#now()));
    return {
      known: false,
      failed: () => this.#buckets.fail(from, address, this.#now()),
      succeeded: async () => {
        await this.#buckets.clear(account);
        if (userId !== undefined) await this.noteSignIn(userId, clientIp);
      },
    };
  }
}

const refuseFor = (waitMs: number): void => {
  if (waitMs <= 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new AppError('too_many_requests', `Too many tries. Wait ${seconds} s and try again.`, {
    retryAfterSeconds: seconds,
  });
};
