import { Email, Username } from '@webxterm/contracts/rest';
import { AppError, toAppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { userTarget } from '../accounts/audit-target.ts';
import { refuseSignIn } from '../accounts/failed-sign-in.ts';
import { newUser } from '../accounts/new-user.ts';
import type { SignedIn } from '../accounts/signed-in.ts';
import type { User } from '../accounts/user.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { inTransaction } from '../database/transaction.ts';
import { hasSecondFactor } from '../second-factors/second-factor.ts';
import type { SecondStep } from '../second-factors/second-step.ts';
import { linkHash } from '../setup-links/setup-link.ts';
import type { SetupLinkStore } from '../setup-links/setup-link-store.ts';
import type { SetupLinks } from '../setup-links/setup-links.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import { type SigninOrigin, signinActor } from '../signins/signins.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import { type AuthorizationRequest, beginAuthorization, openAuthorization } from './authorization-request.ts';
import type { IdentitiesOptions } from './identities.ts';
import { identityKey, newIdentity } from './identity.ts';
import type { ProvenIdentity } from './providers.ts';

export interface OidcSignInOptions extends Omit<IdentitiesOptions, 'callerCheck' | 'confirmation' | 'auditor'> {
  readonly store: SigninStore;
  readonly secondStep: SecondStep;
  readonly apiKeys: ApiKeys;
  readonly links: SetupLinks;
  readonly linkStore: SetupLinkStore;
  readonly throttle: SignInThrottle;
  readonly auditor: Pick<Auditor, 'recordIn' | 'count'>;
}

const anyone = { purpose: 'sign-in', sid_hash: null } as const;
/** Usernames that are tried for a new account. */
const maxNames = 20;

/** Signs in through a provider. The account is that of the issuer and the subject. */
export class OidcSignIn {
  readonly #options: OidcSignInOptions;
  readonly #now: () => number;

  constructor(options: OidcSignInOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** `setupToken`: of a setup link, whose account is linked. @throws AppError not_found, bad_link, not_linked, unavailable */
  async begin(provider: string, setupToken: string | undefined): Promise<{ url: string; transaction: string }> {
    const { providers, links, roots } = this.#options;
    const { sign_up } = providers.require(provider);
    if (setupToken !== undefined) {
      if (sign_up === 'off') throw new AppError('not_linked');
      const { link } = await links.lookUp(setupToken);
      if (link.kind !== 'setup') throw new AppError('bad_link');
    }
    const setup = setupToken === undefined ? null : linkHash(setupToken);
    const { sealed, ...secrets } = beginAuthorization(roots, { ...anyone, provider, setup }, this.#now());
    return { url: await providers.pageOf(provider, secrets), transaction: sealed };
  }

  /**
   * @throws AppError bad_challenge when the authorization request is over, used or not of this browser; provider_refused; not_linked; email_taken;
   * bad_link; conflict; second_factor_required; user_disabled; too_many_requests; unavailable
   */
  async complete(sealed: string, query: string, from: SigninOrigin): Promise<SignedIn> {
    const { roots, proofs, identities } = this.#options;
    const request = openAuthorization(roots, sealed, anyone, this.#now());
    const proven = await proofs
      .of(request, query, from.clientIp)
      .catch((error: unknown) => this.#refused(error, null, from));
    const user = await identities.byKey(identityKey(proven));
    if (request.setup !== null) return this.#setUp(request.setup, request, proven, from);
    return user === null ? this.#signUp(request, proven, from) : this.#signIn(user, request, proven, from);
  }

  async #signIn(
    user: User,
    { jti, expiresAt, provider }: AuthorizationRequest,
    proven: ProvenIdentity,
    from: SigninOrigin,
  ) {
    const { factors, identities, signins, secondStep, apiKeys, throttle } = this.#options;
    if (user.disabled) return this.#refused(new AppError('user_disabled'), user, from);
    const key = identityKey(proven);
    const begun = await signins.begin(user, from, undefined, {
      details: { provider },
      still: async (session) => {
        await factors.useChallenge(jti, expiresAt, session);
        return identities.use(user._id, key, new Date(this.#now()), session);
      },
    });
    // The account changed meanwhile, or it was unlinked.
    if (begun === undefined) throw new AppError('bad_challenge');
    if (begun.token === undefined) throw secondStep.ask(begun.user, key);
    await throttle.noteSignIn(user._id.toHexString(), from.clientIp);
    return { user: begun.user, token: begun.token, apiKey: await apiKeys.show(begun.user) };
  }

  /** Links the account of a setup link, which an administrator made, and signs in to it. */
  async #setUp(
    setup: string,
    { jti, expiresAt, provider }: AuthorizationRequest,
    proven: ProvenIdentity,
    from: SigninOrigin,
  ) {
    const { connection, users, store, linkStore, factors, identities, signins, secondStep, apiKeys, auditor } =
      this.#options;
    const at = new Date(this.#now());
    const link = await linkStore.byHash(setup, at);
    if (link === null) throw new AppError('bad_link');
    const { user, ended, made } = await inTransaction(connection, async (session) => {
      const taken = await linkStore.take(setup, at, session);
      const user = taken ? await users.guard(link._id.toHexString(), session) : null;
      if (user === null) throw new AppError('bad_link');
      if (user.disabled) throw new AppError('user_disabled');
      await factors.useChallenge(jti, expiresAt, session);
      await identities.link(user, newIdentity(proven, at, true), session);
      await auditor.recordIn(session, {
        action: 'identity_linked',
        target: userTarget(user),
        actor: signinActor(user, null),
        details: { provider, kind: link.kind },
      });
      const before = await store.ofUser(user._id.toHexString(), session);
      const ended = await signins.deleteAll(before, 'link_redeemed', session);
      return { user, ended, made: hasSecondFactor(user) ? undefined : await signins.insert(user._id, from, session) };
    });
    await this.#options.worker.settle(ended);
    if (made === undefined) throw secondStep.ask(user, identityKey(proven));
    return { user, token: await signins.announce(made), apiKey: await apiKeys.show(user) };
  }

  async #signUp(request: AuthorizationRequest, proven: ProvenIdentity, from: SigninOrigin): Promise<SignedIn> {
    const email = this.#emailFor(request, proven);
    if (email === undefined) return this.#refused(new AppError('not_linked'), null, from);
    const admitted = await this.#options.throttle.admitSignup(from.clientIp);
    try {
      for (const username of namesFor(proven.name ?? '', email)) {
        const made = await this.#make({ username, email }, request, proven, from).catch((error: unknown) => {
          if (toAppError(error).code !== 'username_taken') throw error;
        });
        if (made !== undefined) return made;
      }
      throw new AppError('username_taken');
    } catch (error) {
      await (toAppError(error).status === 409 ? admitted.taken() : admitted.withdrawn()).catch(() => {});
      throw error;
    }
  }

  async #make(
    account: Pick<User, 'username' | 'email'>,
    { jti, expiresAt, provider }: AuthorizationRequest,
    proven: ProvenIdentity,
    from: SigninOrigin,
  ): Promise<SignedIn> {
    const { connection, users, factors, signins, apiKeys, auditor } = this.#options;
    const at = new Date(this.#now());
    const { user: made, apiKey } = newUser(apiKeys, { ...account, role: 'user', password_hash: null, created_at: at });
    const user = { ...made, identities: [newIdentity(proven, at, true)] };
    const signin = await inTransaction(connection, async (session) => {
      await users.insert(user, session).catch(explainTaken);
      await factors.useChallenge(jti, expiresAt, session);
      const signin = await signins.insert(user._id, from, session);
      await auditor.recordIn(session, {
        action: 'signup',
        actor: signinActor(user, signin.sid),
        target: userTarget(user),
        details: { email: user.email, provider },
      });
      return signin;
    });
    return { user, token: await signins.announce(signin), apiKey };
  }

  /** The address of a new account. Undefined: the provider may not make one for this person. */
  #emailFor({ provider }: AuthorizationRequest, { email, emailVerified }: ProvenIdentity): string | undefined {
    const { sign_up } = this.#options.providers.require(provider);
    const domain = email?.split('@')[1]?.toLowerCase() ?? '';
    const admitted = typeof sign_up !== 'string' && emailVerified && sign_up.includes(domain);
    return admitted ? Email.safeParse(email).data : undefined;
  }

  #refused(error: unknown, user: User | null, from: SigninOrigin): Promise<never> {
    return refuseSignIn(this.#options.auditor, error, user, from);
  }
}

/** Usernames for a new account: that of the provider, or that of the address, then with numbers. */
const namesFor = (name: string, email: string): string[] => {
  const wanted = [name, email.split('@')[0] ?? ''].map((text) => Username.safeParse(text.slice(0, 60)).data);
  const base = wanted.find((text) => text !== undefined && text !== '') ?? 'user';
  return Array.from({ length: maxNames }, (_, at) => (at === 0 ? base : `${base}-${at + 1}`));
};

const explainTaken = (error: unknown): never => {
  if (toAppError(error).code !== 'email_taken') throw error;
  throw new AppError(
    'email_taken',
    'Another account uses this e-mail address. If it is yours, sign in to it and link it on the Profile page.',
    { cause: error },
  );
};
