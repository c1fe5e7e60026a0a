import { AppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { ClientSession, Connection, Types } from 'mongoose';
import { userTarget } from '../accounts/audit-target.ts';
import type { SignedIn } from '../accounts/signed-in.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { inTransaction } from '../database/transaction.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { Passwords } from '../passwords/passwords.ts';
import { hasSecondFactor } from '../second-factors/second-factor.ts';
import type { SecondStep } from '../second-factors/second-step.ts';
import type { StillAllowed } from '../signins/caller-check.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import { type SigninOrigin, type Signins, signinActor } from '../signins/signins.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import { linkHash, linkLifeSeconds, linkUrl, newLinkToken, type SetupLink } from './setup-link.ts';
import type { SetupLinkStore } from './setup-link-store.ts';

const linkCreated = { setup: 'setup_link_created', reset: 'reset_link_created' } as const;

export interface SetupLinksOptions {
  readonly connection: Connection;
  readonly links: SetupLinkStore;
  readonly users: UserStore;
  readonly store: SigninStore;
  readonly signins: Signins;
  readonly passwords: Passwords;
  readonly apiKeys: ApiKeys;
  readonly throttle: SignInThrottle;
  readonly secondStep: Pick<SecondStep, 'ask'>;
  readonly worker: Pick<OutboxWorker, 'settle'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly publicUrl: string;
  readonly now?: () => number;
}

/** A link for display. The URL is not shown again. */
export interface NewSetupLink {
  readonly url: string;
  readonly expires_in: number;
}

/** Links with which people choose a password: for a new account, or for a forgotten password. */
export class SetupLinks {
  readonly #options: SetupLinksOptions;
  readonly #now: () => number;

  constructor(options: SetupLinksOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Creates a link in the caller's transaction. It replaces the user's earlier link. */
  async make(userId: Types.ObjectId, kind: SetupLink['kind'], session: ClientSession): Promise<NewSetupLink> {
    const token = newLinkToken();
    const expiresAt = new Date(this.#now() + linkLifeSeconds * 1000);
    await this.#options.links.put({ _id: userId, token_hash: linkHash(token), kind, expires_at: expiresAt }, session);
    return { url: linkUrl(this.#options.publicUrl, token), expires_in: linkLifeSeconds };
  }

  /** @throws AppError the error of `stillAllowed`; not_found */
  makeReset(userId: string, stillAllowed: StillAllowed): Promise<NewSetupLink> {
    const { connection, users, auditor } = this.#options;
    return inTransaction(connection, async (session) => {
      await stillAllowed(session);
      const user = await users.guard(userId, session);
      if (user === null) throw new AppError('not_found', 'There is no user by that id.');
      const kind = user.password_hash === null ? 'setup' : 'reset';
      await auditor.recordIn(session, { action: linkCreated[kind], target: userTarget(user) });
      return this.make(user._id, kind, session);
    });
  }

  /** The link and its user. @throws AppError bad_link */
  async lookUp(token: string): Promise<{ link: SetupLink; user: User }> {
    const link = await this.#options.links.byHash(linkHash(token), new Date(this.#now()));
    const user = link === null ? null : await this.#options.users.byId(link._id.toHexString());
    if (link === null || user === null) throw new AppError('bad_link');
    return { link, user };
  }

  /**
   * Sets the password, ends all existing sign-ins of the account, and begins a new one.
   * @throws AppError bad_link, user_disabled; second_factor_required when the password is set and the sign-in needs a second factor; unavailable, in which case the link may be used and the password changed
   */
  async redeem(token: string, password: string, from: SigninOrigin): Promise<SignedIn> {
    const { connection, links, users, store, signins, passwords, apiKeys, throttle, worker, auditor } = this.#options;
    const { user: seen, link } = await this.lookUp(token);
    if (seen.disabled) throw new AppError('user_disabled');
    const hash = await passwords.hash(password);
    const { user, ended, made } = await inTransaction(connection, async (session) => {
      const taken = await links.take(linkHash(token), new Date(this.#now()), session);
      const user = taken ? await users.changePassword(seen, hash, session) : null;
      if (user === null) throw new AppError('bad_link');
      if (user.disabled) throw new AppError('user_disabled');
      await auditor.recordIn(session, {
        action: 'link_redeemed',
        target: userTarget(user),
        actor: signinActor(user, null),
        details: { kind: link.kind },
      });
      const before = await store.ofUser(user._id.toHexString(), session);
      return {
        user,
        ended: await signins.deleteAll(before, 'password_reset', session),
        made: hasSecondFactor(user) ? undefined : await signins.insert(user._id, from, session),
      };
    });
    await worker.settle(ended);
    if (made === undefined) throw this.#options.secondStep.ask(user);
    const signedIn = { token: await signins.announce(made), user, apiKey: await apiKeys.show(user) };
    await throttle.noteSignIn(user._id.toHexString(), from.clientIp);
    return signedIn;
  }
}
