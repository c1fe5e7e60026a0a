import { randomBytes } from 'node:crypto';
import type { ClaimedActor } from '@webxterm/contracts/bus';
import { AppError, type JwtKey } from '@webxterm/shared';
import { hashSid, signAccessToken } from '@webxterm/shared/api';
import { type AuditFact, type Auditor, auditSigninRef } from '@webxterm/shared/audit';
import { type ClientSession, type Connection, Types } from 'mongoose';
import { userTarget } from '../accounts/audit-target.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore, VerifiedUser } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Outbox, Owed } from '../outbox/outbox.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { FactorProof } from '../second-factors/factor-proof.ts';
import { hasSecondFactor } from '../second-factors/second-factor.ts';
import type { AdmittedCaller } from './caller-check.ts';
import type { Signin } from './signin.ts';
import type { SigninStore } from './signin-store.ts';
import { signinLifeMs, tokenExpiry } from './token-life.ts';

/** The client of a sign-in. */
export interface SigninOrigin {
  readonly clientIp: string;
  readonly userAgent: string;
}

/** A sign-in that is stored in the database but not on the allow-list yet. */
export interface NewSignin {
  readonly sid: string;
  readonly signin: Signin;
  readonly owed: Owed[];
  /** Pending work for the sign-ins that ended because the user had too many. */
  readonly ended: Owed[];
}

/** A user, and the first token of the sign-in. */
export interface SignedInUser {
  readonly user: User;
  readonly token: string;
}

/** A user whose password is right. Without a token: the sign-in needs a second factor. */
export interface Begun {
  readonly user: User;
  readonly token: string | undefined;
}

/** A sign-in by something else than the password. */
export interface SignInVia {
  readonly details: Readonly<Record<string, string>>;
  /** Checks in the transaction of the sign-in whether it still counts. */
  readonly still: (session: ClientSession) => Promise<boolean>;
}

export interface SigninsOptions {
  readonly connection: Connection;
  readonly store: SigninStore;
  readonly users: Pick<UserStore, 'confirmVerified' | 'guard'>;
  readonly outbox: Outbox;
  readonly worker: Pick<OutboxWorker, 'settle' | 'settleNew'>;
  readonly jwtKeys: readonly JwtKey[];
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly maxPerUser: number;
  /** Throws while no service would accept tokens with the time of this clock. */
  readonly clock: { require(): void };
  readonly now?: () => number;
}

/** Begins and ends sign-ins, and issues their tokens. */
export class Signins {
  readonly #options: SigninsOptions;
  readonly #now: () => number;

  constructor(options: SigninsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Creates a sign-in in the caller's transaction. That transaction must have written to the user's row, so that a concurrent change of the
   * user conflicts with it. The sign-in is valid after `announce`.
   */
  async insert(
    userId: Types.ObjectId,
    from: SigninOrigin,
    session: ClientSession,
    { secondFactor = false }: { readonly secondFactor?: boolean } = {},
  ): Promise<NewSignin> {
    this.#options.clock.require();
    const sid = randomBytes(24).toString('base64url');
    const at = new Date(this.#now());
    const signin: Signin = {
      _id: new Types.ObjectId(),
      sid_hash: hashSid(sid),
      audit_ref: auditSigninRef(sid),
      user_id: userId,
      created_at: at,
      last_seen_at: at,
      expires_at: new Date(at.getTime() + signinLifeMs),
      ip: from.clientIp,
      user_agent: from.userAgent,
      browser: null,
      second_factor_at: secondFactor ? at : null,
    };
    await this.#options.store.insert(signin, session);
    const owed = await this.#options.outbox.add([{ sid_hash: signin.sid_hash, event: null }], at, session);
    const tooMany = await this.#options.store.beyond(userId, this.#options.maxPerUser, session);
    const ended = tooMany.length === 0 ? [] : await this.deleteAll(tooMany, 'too_many_signins', session);
    return { sid, signin, owed, ended };
  }

  /**
   * Writes the sign-in to the allow-list, in its current state in the database. @returns the first token
   * @throws AppError unavailable when the list has not accepted it
   */
  async announce(made: NewSignin): Promise<string> {
    await this.#options.worker.settleNew(made.owed);
    // This sign-in is valid. If ending the others fails, the outbox completes it.
    await this.#options.worker.settle(made.ended).catch(() => {});
    return this.token(made.signin.user_id.toHexString(), made.sid, made.signin.expires_at.getTime() / 1000);
  }

  /**
   * Signs in a user whose password was verified, or who has signed in at a provider (`via`). `upgraded` replaces the stored hash.
   * @returns the first token and the user; without a token when the user must prove a second factor; undefined when the verification is no
   * longer valid
   * @throws AppError unavailable, in which case no sign-in has begun
   */
  async begin(
    verified: VerifiedUser,
    from: SigninOrigin,
    upgraded?: string,
    via?: SignInVia,
  ): Promise<Begun | undefined> {
    const begun = await inTransaction(this.#options.connection, async (session) => {
      const user = await this.#options.users.confirmVerified(verified, session, upgraded);
      if (user === null || (via !== undefined && !(await via.still(session)))) return undefined;
      const made = hasSecondFactor(user) ? undefined : await this.#record(user, from, session, via);
      return { user, made };
    });
    return begun && { user: begun.user, token: begun.made && (await this.announce(begun.made)) };
  }

  /**
   * Signs in a user whose password and second factor were verified. `use` uses the second factor up.
   * @returns undefined when the password is another by now; false when the factor does not count any more
   * @throws AppError the error of `use`; unavailable, in which case no sign-in has begun
   */
  async beginWithFactor(
    verified: VerifiedUser,
    from: SigninOrigin,
    { method, use }: FactorProof,
  ): Promise<SignedInUser | undefined | false> {
    const begun = await inTransaction(this.#options.connection, async (session) => {
      const user = await this.#options.users.confirmVerified(verified, session);
      if (user === null) return undefined;
      if (!(await use(session))) return false;
      return {
        user,
        made: await this.#record(user, from, session, { details: { second_factor: method }, secondFactor: true }),
      };
    });
    return begun && { user: begun.user, token: await this.announce(begun.made) };
  }

  async #record(
    user: User,
    from: SigninOrigin,
    session: ClientSession,
    { details, secondFactor = false }: { details?: SignInVia['details']; secondFactor?: boolean } = {},
  ) {
    const made = await this.insert(user._id, from, session, { secondFactor });
    await this.#options.auditor.recordIn(session, {
      action: 'login',
      actor: signinActor(user, made.sid),
      target: userTarget(user),
      ...(details === undefined ? {} : { details }),
    });
    return made;
  }

  /**
   * `endsAt`: the end of the sign-in, in seconds since 1970.
   * @throws AppError unavailable while the clocks differ too much
   */
  token(userId: string, sid: string, endsAt: number): string {
    this.#options.clock.require();
    const now = Math.floor(this.#now() / 1000);
    return signAccessToken(this.#options.jwtKeys, { userId, sid, now, expiresAt: tokenExpiry(now, endsAt) });
  }

  /**
   * Ends sign-ins. Their tokens are invalid before this resolves.
   * @throws AppError unavailable when that is not certain yet; the outbox completes it
   */
  async end(signins: readonly Signin[], reason: string): Promise<void> {
    const owed = await inTransaction(this.#options.connection, (session) => this.deleteAll(signins, reason, session));
    await this.#options.worker.settle(owed);
  }

  /** The valid sign-ins of a user, latest seen first. */
  async list(userId: string): Promise<Signin[]> {
    const now = this.#now();
    return (await this.#options.store.ofUser(userId)).filter((signin) => signin.expires_at.getTime() > now);
  }

  /** @throws AppError not_found when the user has no such sign-in */
  async endOne(userId: string, id: string): Promise<void> {
    const found = (await this.list(userId)).find((signin) => signin._id.toHexString() === id);
    if (found === undefined) throw new AppError('not_found', 'You have no sign-in by that id.');
    await this.end([found], 'ended_by_user');
  }

  /**
   * Ends all of the caller's sign-ins except for the one that asks, including one that begins at the same time. @returns the number of
   * ended sign-ins
   */
  async endOthers(caller: AdmittedCaller): Promise<number> {
    const { connection, users, worker } = this.#options;
    const owed = await inTransaction(connection, async (session) => {
      await users.guard(caller.userId, session);
      const now = this.#now();
      const others = await this.#othersOf(caller, session);
      const valid = others.filter(({ expires_at }) => expires_at.getTime() > now);
      return this.deleteAll(valid, 'ended_by_user', session);
    });
    await worker.settle(owed);
    return owed.length;
  }

  /** As `deleteAll`, for all of the caller's sign-ins except for the one that asks. */
  async deleteOthers(caller: AdmittedCaller, reason: string, session: ClientSession): Promise<Owed[]> {
    return this.deleteAll(await this.#othersOf(caller, session), reason, session);
  }

  async #othersOf({ userId, sid }: AdmittedCaller, session: ClientSession): Promise<Signin[]> {
    const all = await this.#options.store.ofUser(userId, session);
    return all.filter(({ sid_hash }) => sid_hash !== hashSid(sid));
  }

  /** Ends sign-ins in the caller's transaction. @returns the pending work, to settle after the commit */
  async deleteAll(signins: readonly Signin[], reason: string, session: ClientSession): Promise<Owed[]> {
    await this.#options.store.delete(
      signins.map((signin) => signin._id),
      session,
    );
    await this.#options.auditor.recordIn(session, ...signins.map((signin) => endOf(signin, reason)));
    const items = signins.map((signin) => ({ sid_hash: signin.sid_hash, event: null }));
    return this.#options.outbox.add(items, new Date(this.#now()), session);
  }

  /** Ends the sign-in of a sid. If it has already ended in the database although a client has a token of it, updates the allow-list. */
  async endBySid(sid: string, reason: string): Promise<void> {
    const found = await this.#options.store.bySidHash(hashSid(sid));
    if (found !== null) return this.end([found], reason);
    const owed = await inTransaction(this.#options.connection, (session) =>
      this.#options.outbox.add([{ sid_hash: hashSid(sid), event: null }], new Date(this.#now()), session),
    );
    await this.#options.worker.settle(owed);
  }
}

/** The actor of a request without a token: the user who signs in. `sid` null: by a link, before the sign-in begins. */
export const signinActor = (user: Pick<User, '_id' | 'username'>, sid: string | null): ClaimedActor => ({
  kind: 'user',
  user_id: user._id.toHexString(),
  username: user.username,
  signin_ref: sid === null ? null : auditSigninRef(sid),
});

const endOf = (signin: Signin, reason: string): AuditFact => ({
  action: reason === 'signed_out' ? 'logout' : 'signin_ended',
  reason,
  target: { type: 'signin', id: signin._id.toHexString(), name: '' },
  details: { user_id: signin.user_id.toHexString(), began_at: signin.created_at.toISOString() },
});
