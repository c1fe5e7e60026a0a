import {
  type BrowserHalf,
  browserSession,
  login,
  logout,
  lookUpLink,
  redeemLink,
  signup,
} from '@webxterm/contracts/rest';
import type { z } from 'zod';
import { ApiError, SignedOutError } from '../api/api-error.ts';
import { ask, send } from '../api/client.ts';

type BrowserSession = z.output<typeof browserSession.success.schema>;
export type SignedInUser = BrowserSession['user'];

export type SignInState =
  /** The page has just loaded and asks the server who this browser is. */
  | { readonly state: 'restoring' }
  /** The server cannot be asked; `error` says why. */
  | { readonly state: 'unreachable'; readonly error: unknown }
  | { readonly state: 'out' }
  | { readonly state: 'in'; readonly user: SignedInUser };

/** Where the half is kept, and who tells when another tab changed it. */
export interface HalfStore {
  read(): z.infer<typeof BrowserHalf> | undefined;
  write(half: z.infer<typeof BrowserHalf> | undefined): void;
  /** Called when another tab wrote. Returns how to stop listening. */
  onChange(listener: () => void): () => void;
}

export interface SignInOptions {
  readonly fetcher: typeof fetch;
  readonly halves: HalfStore;
  /** Runs one at a time over all tabs of this browser: each pick-up rotates the half. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly now: () => number;
}

/** A token is replaced when less than this is left of its life. */
const renewBeforeMs = 10 * 60_000;
const browserHeader = { 'x-webxterm-browser': '1' };

/**
 * The sign-in of this browser tab. The token lives in memory only; over a reload the browser is known by its cookie and
 * the half in local storage, each useless without the other.
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
      if (this.#state.state === 'in' && options.halves.read() === undefined) this.#leave();
    });
  }

  get state(): SignInState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Picks the sign-in up after a page load. Ends `in`, `out` or, when the server cannot be asked, `unreachable`. */
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

  async signUp(account: { username: string; email: string; password: string }): Promise<void> {
    await this.#bind((await ask(this.#options.fetcher, signup, { body: account })).token);
  }

  /** Whose setup or reset link this is; the link stays good. */
  lookUpLink(token: string): Promise<z.output<typeof lookUpLink.success.schema>> {
    return ask(this.#options.fetcher, lookUpLink, { body: { token } });
  }

  /** Chooses a password by a link, and is signed in as the link's owner, whoever was signed in here before. */
  async redeemLink(chosen: { token: string; password: string }): Promise<void> {
    await this.#bind((await ask(this.#options.fetcher, redeemLink, { body: chosen })).token);
  }

  /** What this user is called or looks like was changed. */
  amend(change: Partial<Pick<SignedInUser, 'username' | 'email' | 'avatar_url'>>): void {
    if (this.#state.state === 'in') this.#enter({ state: 'in', user: { ...this.#state.user, ...change } });
  }

  /** The account is gone, and its sign-ins with it: there is nothing to tell the server. */
  forget(): void {
    this.#leave();
  }

  /** Ends the sign-in on the server and here; here also when the server cannot be told. */
  async signOut(): Promise<void> {
    const token = this.#token?.text;
    try {
      if (token !== undefined)
        await send(this.#options.fetcher, logout, { headers: { authorization: `Bearer ${token}` } });
    } finally {
      this.#leave();
    }
  }

  /** A token that is good for some minutes still. @throws SignedOutError, UnreachableError, ApiError */
  async token(): Promise<string> {
    const held = this.#token;
    if (held !== undefined && held.expiresAt - this.#options.now() > renewBeforeMs) return held.text;
    return this.#renewedToken();
  }

  /**
   * Runs a call with a token; if the server refuses the token (it was revoked, or our clock is wrong) once more with a new one.
   * @throws SignedOutError when the sign-in is over, and whatever `call` throws
   */
  async withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
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
      this.#leave();
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
    this.#enter({ state: 'in', user: session.user });
  }

  #leave(): void {
    this.#token = undefined;
    this.#options.halves.write(undefined);
    this.#enter({ state: 'out' });
  }

  #enter(state: SignInState): void {
    const same =
      state.state === 'in' &&
      this.#state.state === 'in' &&
      JSON.stringify(state.user) === JSON.stringify(this.#state.user);
    if (same) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** The sign-in itself is gone, not just the way to the server. */
const isOver = (error: unknown): boolean =>
  error instanceof SignedOutError ||
  (error instanceof ApiError && (error.status === 401 || error.code === 'user_disabled'));
