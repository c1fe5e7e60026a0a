import { plainText } from '@webxterm/contracts/text';
import { AppError } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import { auditSigninRef } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import type { AccessToken } from '../access-tokens/access-token.ts';
import { type AccessTokens, requireAdminFor } from '../access-tokens/access-tokens.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import type { AdmittedCaller, CallerCheck } from '../signins/caller-check.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import {
  hashOf,
  isVerifier,
  type LoginAnswer,
  makeProgramLogin,
  type NewProgramLogin,
  newSecret,
  type ProgramLoginRow,
  typedCode,
} from './program-login.ts';
import type { ProgramLoginStore } from './program-login-store.ts';

export interface ProgramLoginsOptions {
  readonly connection: Connection;
  readonly logins: ProgramLoginStore;
  readonly accessTokenAdmin: AccessTokens;
  readonly callerCheck: CallerCheck;
  readonly throttle: Pick<SignInThrottle, 'admitProgramLogin' | 'admitProgramCode' | 'wrongToken'>;
  readonly roots: RootKeys;
  readonly now: () => number;
}

/** The secrets with which a program gets the token. */
export interface Redemption {
  readonly request: string;
  readonly code_verifier: string;
  readonly code?: string | undefined;
}

/** Log-ins of programs: a program asks, a user agrees in the browser, the program gets an access token of that user. */
export class ProgramLogins {
  readonly #options: ProgramLoginsOptions;

  constructor(options: ProgramLoginsOptions) {
    this.#options = options;
  }

  get maxDays(): number {
    return this.#options.accessTokenAdmin.maxDays;
  }

  /** @throws AppError too_many_requests */
  async begin(wanted: NewProgramLogin): Promise<{ request: string; userCode: string | null }> {
    const { logins, throttle, roots } = this.#options;
    await throttle.admitProgramLogin(wanted.address);
    const { request, userCode, row } = makeProgramLogin(roots, wanted, this.#at());
    await logins.insert(row);
    return { request, userCode };
  }

  /**
   * The request that the user was led to, or whose code the user typed. @throws AppError not_found; too_many_requests after several unknown
   * codes
   */
  async find(userId: string, id: string): Promise<ProgramLoginRow> {
    const row = await this.#find(userId, id);
    // One answer is enough: of another user, it would be unexpected.
    if (row === null || row.answer !== null) throw unknown();
    return row;
  }

  async #find(userId: string, id: string): Promise<ProgramLoginRow | null> {
    const { logins, throttle, roots } = this.#options;
    const code = typedCode(id);
    if (code === undefined) {
      const row = await logins.byId(hashOf(roots, 'request', id), this.#at());
      // A request with a code is agreed to by the code only: a link to it could come from anybody.
      return row?.user_code === null ? row : null;
    }
    const admitted = await throttle.admitProgramCode(userId);
    const row = await logins.byUserCode(hashOf(roots, 'user code', code), this.#at());
    if (row !== null) await admitted.withdrawn();
    return row;
  }

  /**
   * Agrees or refuses. @returns where the browser brings the answer; null: the program asks for it
   * @throws AppError not_found, invalid_input, forbidden, step_up_required, unauthenticated, too_many_requests
   */
  async answer(caller: AdmittedCaller, id: string, days: number | undefined): Promise<string | null> {
    const { connection, logins, callerCheck, accessTokenAdmin, roots } = this.#options;
    const agree = days !== undefined;
    if (agree) accessTokenAdmin.requireDays(days);
    const row = await this.find(caller.userId, id);
    const code = row.redirect_uri === null ? null : newSecret();
    const answer: LoginAnswer = {
      agree,
      user_id: caller.userId,
      sid_hash: hashSid(caller.sid),
      signin_ref: auditSigninRef(caller.sid),
      expires_in_days: days ?? 0,
      code: code && hashOf(roots, 'code', code),
    };
    await inTransaction(connection, async (session) => {
      if (agree) requireAdminFor(row.scopes, await callerCheck.requireFresh(caller, session));
      if (!(await logins.answer(row._id, answer, this.#at(), session))) throw unknown();
    });
    if (row.redirect_uri === null) return null;
    const address = new URL(row.redirect_uri);
    address.search = new URLSearchParams(agree && code !== null ? { code } : { error: 'access_denied' }).toString();
    return address.href;
  }

  /**
   * The token, or undefined while there is no answer. Every wrong secret ends the request.
   * @throws AppError bad_challenge, forbidden; the errors of a new token
   */
  async redeem(given: Redemption, clientIp: string): Promise<{ token: string; stored: AccessToken } | undefined> {
    const { logins, roots, throttle } = this.#options;
    const row = await logins.byId(hashOf(roots, 'request', given.request), this.#at());
    if (row === null) {
      await throttle.wrongToken(clientIp);
      throw new AppError('bad_challenge');
    }
    // The user agreed to a program at the address that the page showed.
    if (row.address !== clientIp) throw new AppError('bad_challenge');
    const { answer } = row;
    const wrong = !isVerifier(given.code_verifier, row.challenge) || !this.#isCode(given.code, row);
    if (wrong || answer?.agree === false) await logins.take(row._id);
    if (wrong) throw new AppError('bad_challenge');
    if (answer === null) return undefined;
    if (!answer.agree) throw new AppError('forbidden', 'The user refused.');
    return this.#create(row, answer);
  }

  /** Whether this is the code that the browser of the user got. A request without a redirect address has none. */
  #isCode(code: string | undefined, { redirect_uri, answer }: ProgramLoginRow): boolean {
    if (redirect_uri === null) return code === undefined;
    if (answer?.agree === false) return true;
    return code !== undefined && answer !== null && hashOf(this.#options.roots, 'code', code) === answer.code;
  }

  #create(row: ProgramLoginRow, answer: LoginAnswer): Promise<{ token: string; stored: AccessToken }> {
    const { accessTokenAdmin, logins, callerCheck } = this.#options;
    const limits = { machines: [], tags: [], addresses: [] };
    const choice = { name: plainText(`vsay on ${row.host}`, 64), scopes: row.scopes, ...limits };
    const wanted = { ...choice, expires_in_days: answer.expires_in_days };
    return accessTokenAdmin.createFor(answer.user_id, wanted, async (session) => {
      if (!(await logins.take(row._id, session))) throw new AppError('bad_challenge');
      const user = await callerCheck.requireSignin(answer.user_id, answer.sid_hash, session);
      const { user_id, signin_ref } = answer;
      const actor = { kind: 'user', user_id, username: user.username, signin_ref } as const;
      return { user, actor, host: row.host };
    });
  }

  #at(): Date {
    return new Date(this.#options.now());
  }
}

const unknown = (): AppError =>
  new AppError('not_found', 'No program asks with this code. It may be over its time: start again on the computer.');
