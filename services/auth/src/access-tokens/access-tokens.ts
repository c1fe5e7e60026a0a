import type { ClaimedActor } from '@webxterm/contracts/bus';
import { maxAccessTokens } from '@webxterm/contracts/rest';
import { adminScopes } from '@webxterm/contracts/token-scopes';
import { AppError, type Logger, NetworkSet, reasonOf } from '@webxterm/shared';
import type { AuditFact, Auditor } from '@webxterm/shared/audit';
import type { ClientSession, Connection } from 'mongoose';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Outbox, Owed } from '../outbox/outbox.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import type { AdmittedCaller, CallerCheck, StillAllowed } from '../signins/caller-check.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import {
  type AccessToken,
  accessTokenIndexes,
  makeAccessToken,
  rewrapAccessToken,
  sidOf,
  type TokenChoice,
} from './access-token.ts';
import type { AccessTokenStore } from './access-token-store.ts';

export interface AccessTokensOptions {
  readonly connection: Connection;
  readonly users: Pick<UserStore, 'byId' | 'guard'>;
  readonly tokens: AccessTokenStore;
  readonly outbox: Outbox;
  readonly worker: Pick<OutboxWorker, 'settle' | 'settleNew'>;
  readonly roots: RootKeys;
  readonly callerCheck: CallerCheck;
  readonly throttle: Pick<SignInThrottle, 'admitNewToken' | 'wrongToken'>;
  readonly auditor: Pick<Auditor, 'recordIn' | 'count'>;
  readonly logger: Logger;
  readonly maxDays: number;
  readonly now: () => number;
}

/** A choice with the validity in days in place of the end. */
export type NewToken = Omit<TokenChoice, 'expires_at'> & { readonly expires_in_days: number };

/** The use of a token is stored at most once in this time, in ms. */
const noteUseEveryMs = 60_000;
const dayMs = 24 * 3_600_000;

/** Makes, finds and revokes personal access tokens. */
export class AccessTokens {
  readonly #options: AccessTokensOptions;

  constructor(options: AccessTokensOptions) {
    this.#options = options;
  }

  get maxDays(): number {
    return this.#options.maxDays;
  }

  /** @throws AppError invalid_input when a token may not be valid for so long */
  requireDays(days: number): void {
    if (days > this.maxDays) throw tooLong(this.maxDays);
  }

  /** The tokens of a user, newest first. @throws AppError not_found */
  async list(userId: string): Promise<AccessToken[]> {
    const { users, tokens } = this.#options;
    if ((await users.byId(userId)) === null) throw noUser();
    return tokens.ofUser(userId);
  }

  /**
   * Makes a token. It is valid when this resolves. The oldest expired tokens make room for it.
   * @throws AppError invalid_input when it is to live longer than the server allows; forbidden for a scope of administrators;
   * too_many_access_tokens, too_many_requests, step_up_required, unauthenticated; unavailable, in which case there is no token
   */
  create(caller: AdmittedCaller, wanted: NewToken): Promise<{ token: string; stored: AccessToken }> {
    const { callerCheck } = this.#options;
    return this.createFor(caller.userId, wanted, async (session) => ({
      user: await callerCheck.requireFresh(caller, session),
    }));
  }

  /** As `create`, for a user who agreed earlier. `admit` checks that in the transaction, and names the actor if the request has none. */
  async createFor(
    userId: string,
    wanted: NewToken,
    admit: (session: ClientSession) => Promise<{ user: User; actor?: ClaimedActor; host?: string }>,
  ): Promise<{ token: string; stored: AccessToken }> {
    const { connection, users, roots, throttle, tokens, worker, auditor } = this.#options;
    const { expires_in_days: days, ...choice } = wanted;
    this.requireDays(days);
    await throttle.admitNewToken(userId);
    const at = new Date(this.#options.now());
    const made = await inTransaction(connection, async (session) => {
      const { user, actor, host } = await admit(session);
      requireAdminFor(choice.scopes, user);
      // Of two requests at the limit, one conflicts with the other and counts its token.
      await users.guard(userId, session);
      const removed = await this.#makeRoom(userId, at, session);
      const expires_at = new Date(at.getTime() + days * dayMs);
      const { token, stored } = makeAccessToken(roots, user._id, { ...choice, expires_at }, at);
      await tokens.insert(stored, session);
      await auditor.recordIn(session, { ...createdFact(stored, host), ...(actor !== undefined && { actor }) });
      return { token, stored, owed: [...removed, ...(await this.#owe([stored], session))] };
    });
    try {
      await worker.settleNew(made.owed);
    } catch (error) {
      // The caller gets no token, so there must be none. If this fails too, the list shows one that nobody knows.
      await this.#end([made.stored], 'not_announced').catch(() => {});
      throw error;
    }
    return { token: made.token, stored: made.stored };
  }

  /** Revokes one of the user's tokens. Everything that it opened ends. @throws AppError not_found; unavailable, and the outbox completes it */
  async revoke(userId: string, tokenId: string): Promise<void> {
    const found = (await this.#options.tokens.ofUser(userId)).find(({ token_id }) => token_id === tokenId);
    if (found === undefined) throw new AppError('not_found', 'You have no access token by that id.');
    await this.#end([found], 'revoked_by_owner');
  }

  /**
   * Revokes the tokens of a user, or one of them. @returns how many
   * @throws AppError the error of `stillAllowed`; not_found; unavailable, and the outbox completes it
   */
  async revokeOfUser(userId: string, tokenId: string | undefined, stillAllowed: StillAllowed): Promise<number> {
    const { connection, users, tokens, worker } = this.#options;
    const { count, owed } = await inTransaction(connection, async (session) => {
      await stillAllowed(session);
      // A token that is made at the same time conflicts with this.
      if ((await users.guard(userId, session)) === null) throw noUser();
      const all = await tokens.ofUser(userId, session);
      const chosen = tokenId === undefined ? all : all.filter(({ token_id }) => token_id === tokenId);
      if (tokenId !== undefined && chosen.length === 0) throw new AppError('not_found', 'There is no such token.');
      return { count: chosen.length, owed: await this.deleteAll(chosen, 'revoked_by_admin', session) };
    });
    await worker.settle(owed);
    return count;
  }

  /** Ends tokens in the caller's transaction. @returns the pending work, to settle after the commit */
  async deleteAll(ended: readonly AccessToken[], reason: string, session: ClientSession): Promise<Owed[]> {
    const { tokens, auditor } = this.#options;
    if (ended.length === 0) return [];
    await tokens.delete(ended, session);
    await auditor.recordIn(session, ...ended.map((token) => revokedFact(token, reason)));
    return this.#owe(ended, session);
  }

  /**
   * The sid of the token with this SHA-256, for a use from this address. The use is recorded at most once a minute.
   * @throws AppError unauthenticated, token_not_allowed, too_many_requests
   */
  async use(sha256: string, clientIp: string): Promise<string> {
    const { tokens, roots, throttle, users, now } = this.#options;
    const token = await tokens.byIndexes(accessTokenIndexes(roots, sha256));
    const sid = token === null ? undefined : sidOf(roots, token);
    if (token === null || sid === undefined) {
      await throttle.wrongToken(clientIp);
      throw new AppError('unauthenticated');
    }
    const owner = await users.byId(token.user_id.toHexString());
    if (owner === null) throw new AppError('unauthenticated');
    // By whole seconds, as the entry of the allow-list: otherwise a use in the last second would be refused without a row of the audit log.
    if (Math.floor(token.expires_at.getTime() / 1000) * 1000 <= now()) {
      await this.#refused(token, owner, clientIp, 'expired');
      throw new AppError('unauthenticated', 'This access token has expired.');
    }
    if (token.addresses.length > 0 && !new NetworkSet(token.addresses).has(clientIp)) {
      await this.#refused(token, owner, clientIp, 'address_not_allowed');
      throw new AppError('token_not_allowed', 'This access token may not be used from this address.');
    }
    this.#noteUse(token, owner, clientIp, rewrapAccessToken(roots, token, sha256, sid));
    return sid;
  }

  #noteUse(token: AccessToken, owner: User, clientIp: string, moved: Partial<AccessToken> | undefined): void {
    const now = this.#options.now();
    const { last_used_at: at, last_used_ip: ip } = token;
    const due = ip !== clientIp || at === null || now - at.getTime() >= noteUseEveryMs;
    if (!due && moved === undefined) return;
    const used = due ? { last_used_at: new Date(now), last_used_ip: clientIp } : {};
    void this.#options.tokens.update(token._id, { ...used, ...moved }).catch((error: unknown) => {
      this.#options.logger.warn({ reason: reasonOf(error) }, 'the use of an access token could not be recorded');
    });
    if (ip !== clientIp)
      void this.#options.auditor.count(`${token.token_id} ${clientIp}`, {
        ...factOf('access_token_new_address', token, owner),
        from: { requestId: '', clientIp, userAgent: '' },
        details: { was: ip },
      });
  }

  #refused(token: AccessToken, owner: User, clientIp: string, reason: string): Promise<void> {
    return this.#options.auditor.count(`${token.token_id} ${reason} ${clientIp}`, {
      ...factOf('access_token_refused', token, owner),
      from: { requestId: '', clientIp, userAgent: '' },
      result: 'denied',
      reason,
    });
  }

  async #end(ended: readonly AccessToken[], reason: string): Promise<void> {
    const { connection, worker } = this.#options;
    await worker.settle(await inTransaction(connection, (session) => this.deleteAll(ended, reason, session)));
  }

  /** Deletes the oldest expired tokens at the limit. @throws AppError too_many_access_tokens */
  async #makeRoom(userId: string, at: Date, session: ClientSession): Promise<Owed[]> {
    const { tokens } = this.#options;
    const all = await tokens.ofUser(userId, session);
    const tooMany = all.length + 1 - maxAccessTokens;
    if (tooMany <= 0) return [];
    const expired = all.filter(({ expires_at }) => expires_at <= at);
    if (expired.length < tooMany)
      throw new AppError(
        'too_many_access_tokens',
        `You have ${maxAccessTokens} access tokens, which is the limit. Revoke one first.`,
      );
    const oldest = expired.slice(-tooMany);
    await tokens.delete(oldest, session);
    return this.#owe(oldest, session);
  }

  #owe(tokens: readonly Pick<AccessToken, 'sid_hash'>[], session: ClientSession): Promise<Owed[]> {
    const items = tokens.map(({ sid_hash }) => ({ sid_hash, event: null }));
    return this.#options.outbox.add(items, new Date(this.#options.now()), session);
  }
}

const noUser = (): AppError => new AppError('not_found', 'There is no user by that id.');

const tooLong = (maxDays: number): AppError =>
  new AppError('invalid_input', `An access token may be valid for ${maxDays} days at most.`, {
    details: [{ path: 'expires_in_days', message: `must be ${maxDays} or less` }],
  });

/** @throws AppError forbidden when only administrators may have one of the scopes */
export const requireAdminFor = (scopes: readonly string[], { role }: User): void => {
  const adminOnly = adminScopes.filter((scope) => scopes.includes(scope));
  if (role !== 'admin' && adminOnly.length > 0)
    throw new AppError('forbidden', `Only administrators may have the scope ${adminOnly.join(', ')}.`);
};

const targetOf = ({ token_id, name }: Pick<AccessToken, 'token_id' | 'name'>) =>
  ({ type: 'access_token', id: token_id, name }) as const;

const createdFact = (token: AccessToken, host: string | undefined): AuditFact => ({
  action: 'access_token_created',
  target: targetOf(token),
  details: {
    scopes: token.scopes.join(' '),
    machines: token.machines.length,
    tags: token.tags.join(' '),
    addresses: token.addresses.join(' '),
    expires_at: token.expires_at.toISOString(),
    ...(host !== undefined && { host }),
  },
});

const revokedFact = (token: AccessToken, reason: string): AuditFact => ({
  action: 'access_token_revoked',
  reason,
  target: targetOf(token),
  details: { user_id: token.user_id.toHexString() },
});

/** Of a use, which has no signed-in caller. */
const factOf = (action: 'access_token_refused' | 'access_token_new_address', token: AccessToken, owner: User) =>
  ({
    action,
    target: targetOf(token),
    actor: {
      kind: 'user',
      user_id: owner._id.toHexString(),
      username: owner.username,
      signin_ref: token.audit_ref,
    },
  }) as const;
