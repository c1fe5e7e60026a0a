import {
  type BrowserHalf,
  beginOidc,
  beginPasskeySignIn,
  browserSession,
  completeOidc,
  confirmLogin,
  confirmLoginPasskey,
  login,
  logout,
  lookUpLink,
  type PasskeyRequest,
  passkeySignIn,
  redeemLink,
  signup,
  type UsedCredential,
} from '@webxterm/contracts/rest';
import { ApiError, ask, send } from '@webxterm/rest-client';
import type { z } from 'zod';
import { SignedOutError } from '../api/signed-out-error.ts';

type BrowserSession = z.output<typeof browserSession.success.schema>;
export type SignedInUser = BrowserSession['user'];

export type SignInState =
  /** The page has just loaded and checks with the server whether this browser is signed in. */
  | { readonly state: 'restoring' }
  /** The server is unreachable. `error` contains the reason. */
  | { readonly state: 'unreachable'; readonly error: unknown }
  /** `ended`: it was not this browser that signed out. */
  | { readonly state: 'out'; readonly ended?: true }
  | SignedInState;

export interface SignedInState {
  readonly state: 'in';
  readonly user: SignedInUser;
  /** Duties that the installation imposes on the user, and notices for the user. */
  readonly secondFactor: FactorNotices;
  /** The server allows only to set up a second factor. */
  readonly mustEnrol: boolean;
}

type FactorNotices = NonNullable<BrowserSession['second_factor']>;
const noNotices: FactorNotices = { required_from: null, reset_at: null };

/** Storage of the half, with notification of changes by other tabs. */
export interface HalfStore {
  read(): z.infer<typeof BrowserHalf> | undefined;
  write(half: z.infer<typeof BrowserHalf> | undefined): void;
  /** Calls `listener` when another tab has written. Returns a function that removes the listener. */
  onChange(listener: () => void): () => void;
}

export interface SignInOptions {
  readonly fetcher: typeof fetch;
  readonly halves: HalfStore;
  /** Runs one call at a time over all tabs of this browser, because each restore rotates the half. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly now: () => number;
  /** Asks the browser for a passkey. */
  readonly passkeyOf: (options: PasskeyRequest) => Promise<UsedCredential>;
}

/** A token is renewed when less than this is left of its lifetime. */
const renewBeforeMs = 10 * 60_000;
const browserHeader = { 'x-webxterm-browser': '1' };

/**
 * The sign-in of this browser tab. The token is kept in memory only. After a reload, the cookie and the half in local storage restore the
 * sign-in; each is useless without the other.
 */
export class SignIn {
  readonly #options: SignInOptions;
  readonly #listeners = new Set<() => void>();
  #state: SignInState = { state: 'restoring' };
  #token: { text: string; expiresAt: number } | undefined;
  #renewing: Promise<void> | undefined;

  constructor(options: SignInOptions) {
    this.#options = options;
    options.halves.onChange(() => {
      if (this.#state.state === 'in' && options.halves.read() === undefined) this.#leave(true);
    });
  }

  get state(): SignInState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Restores the sign-in after a page load. The final state is `in`, `out` or, if the server is unreachable, `unreachable`. */
  async restore(): Promise<void> {
    if (this.#options.halves.read() === undefined) return this.#enter({ state: 'out' });
    try {
      await this.#renew();
    } catch (error) {
      if (!(error instanceof SignedOutError)) this.#enter({ state: 'unreachable', error });
    }
  }

  async signIn(account: { email: string; password: string }): Promise<void> {
    await this.#bind((await ask(this.#options.fetcher, login, { body: account })).token);
  }

  /** Completes a sign-in that needs a second factor. `challenge` is from the error of the first step. */
  async confirmSignIn(proof: { challenge: string; code: string }): Promise<void> {
    await this.#bind((await ask(this.#options.fetcher, confirmLogin, { body: proof })).token);
  }

  /** Completes a sign-in that needs a second factor by a passkey. `request` is from the error of the first step. */
  async confirmWithPasskey(challenge: string, request: PasskeyRequest): Promise<void> {
    const credential = await this.#options.passkeyOf(request);
    await this.#bind(
      (await ask(this.#options.fetcher, confirmLoginPasskey, { body: { challenge, credential } })).token,
    );
  }

  /** Signs in with a passkey alone. */
  async signInWithPasskey(): Promise<void> {
    const { fetcher, passkeyOf } = this.#options;
    const { ceremony, options } = await ask(fetcher, beginPasskeySignIn);
    const credential = await passkeyOf(options);
    await this.#bind((await ask(fetcher, passkeySignIn, { body: { ceremony, credential } })).token);
  }

  /** Starts a sign-in at a provider. `setupToken`: of a setup link, whose account is linked. @returns the page of the provider */
  beginAtProvider(provider: string, setupToken?: string): Promise<z.output<typeof beginOidc.success.schema>> {
    const body = setupToken === undefined ? {} : { setup_token: setupToken };
    return ask(this.#options.fetcher, beginOidc, { params: { provider }, body });
  }

  /** Completes a sign-in at a provider. `query`: with which the provider sent the user back. */
  async completeAtProvider(answer: { transaction: string; query: string }): Promise<void> {
    await this.#bind((await ask(this.#options.fetcher, completeOidc, { body: answer })).token);
  }

  async signUp(account: { username: string; email: string; password: string }): Promise<void> {
    await this.#bind((await ask(this.#options.fetcher, signup, { body: account })).token);
  }

  /** Looks up the owner of a setup or reset link. The link stays valid. */
  lookUpLink(token: string): Promise<z.output<typeof lookUpLink.success.schema>> {
    return ask(this.#options.fetcher, lookUpLink, { body: { token } });
  }

  /** Sets a password with a link, and signs in as the owner of the link. Replaces any previous sign-in of this browser. */
  async redeemLink(chosen: { token: string; password: string }): Promise<void> {
    await this.#bind((await ask(this.#options.fetcher, redeemLink, { body: chosen })).token);
  }

  /** Updates the shown name, e-mail address or picture of the user. */
  amend(change: Partial<Pick<SignedInUser, 'username' | 'email' | 'avatar_url'>>): void {
    this.#amend(({ user }) => ({ user: { ...user, ...change } }));
  }

  /** The user has set up a second factor, or has one. */
  enrolled(): void {
    this.#amend(({ secondFactor }) => ({ secondFactor: { ...secondFactor, required_from: null }, mustEnrol: false }));
  }

  /** The user has read that an administrator removed the second factors. */
  dismissReset(): void {
    this.#amend(({ secondFactor }) => ({ secondFactor: { ...secondFactor, reset_at: null } }));
  }

  /** Signs out locally after the account was deleted. Its sign-ins no longer exist on the server. */
  forget(): void {
    this.#leave();
  }

  /** Ends the sign-in on the server and in this browser. Signs out locally even if the server is unreachable. */
  async signOut(): Promise<void> {
    const token = this.#token?.text;
    try {
      if (token !== undefined)
        await send(this.#options.fetcher, logout, { headers: { authorization: `Bearer ${token}` } });
    } finally {
      this.#leave();
    }
  }

  /** Returns a token that is valid for some more minutes. @throws SignedOutError, UnreachableError, ApiError */
  async token(): Promise<string> {
    const held = this.#token;
    if (held !== undefined && held.expiresAt - this.#options.now() > renewBeforeMs) return held.text;
    return this.#renewedToken();
  }

  /**
   * Runs a call with a token. If the server rejects the token (revoked, or wrong local clock), runs it once more with a new token.
   * @throws SignedOutError if the sign-in has ended, and any error of `call`
   */
  async withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
    try {
      return await this.#withToken(call);
    } catch (error) {
      if (error instanceof ApiError && error.code === 'second_factor_enrolment_required')
        this.#amend(() => ({ mustEnrol: true }));
      throw error;
    }
  }

  async #withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
    const token = await this.token();
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'unauthenticated') throw error;
      return call(
        this.#token !== undefined && this.#token.text !== token ? this.#token.text : await this.#renewedToken(),
      );
    }
  }

  async #renewedToken(): Promise<string> {
    await this.#renew();
    if (this.#token === undefined) throw new SignedOutError();
    return this.#token.text;
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#pickUp().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #pickUp(): Promise<void> {
    const { fetcher, halves, exclusively } = this.#options;
    try {
      await exclusively(async () => {
        const half = halves.read();
        if (half === undefined) throw new SignedOutError();
        this.#keep(await ask(fetcher, browserSession, { body: { half }, headers: browserHeader }));
      });
    } catch (error) {
      if (!isOver(error)) throw error;
      this.#leave(this.#state.state === 'in');
      throw new SignedOutError();
    }
  }

  async #bind(token: string): Promise<void> {
    const { fetcher, exclusively } = this.#options;
    await exclusively(async () => {
      const headers = { ...browserHeader, authorization: `Bearer ${token}` };
      this.#keep(await ask(fetcher, browserSession, { body: {}, headers }));
    });
  }

  #keep(session: BrowserSession): void {
    this.#options.halves.write(session.half);
    this.#token = { text: session.token, expiresAt: Date.parse(session.expires_at) };
    const secondFactor = session.second_factor ?? noNotices;
    const from = secondFactor.required_from;
    const mustEnrol = from !== null && Date.parse(from) <= this.#options.now();
    this.#enter({ state: 'in', user: session.user, secondFactor, mustEnrol });
  }

  #amend(change: (state: SignedInState) => Partial<SignedInState>): void {
    if (this.#state.state === 'in') this.#enter({ ...this.#state, ...change(this.#state) });
  }

  #leave(ended = false): void {
    this.#token = undefined;
    this.#options.halves.write(undefined);
    this.#enter(ended ? { state: 'out', ended } : { state: 'out' });
  }

  #enter(state: SignInState): void {
    if (state.state === 'in' && JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** Whether the sign-in itself has ended, not just the connection to the server. */
const isOver = (error: unknown): boolean =>
  error instanceof SignedOutError ||
  (error instanceof ApiError && (error.status === 401 || error.code === 'user_disabled'));
