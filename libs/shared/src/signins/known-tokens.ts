import type { SigninEntry, useAccessToken } from '@webxterm/contracts/bus';
import type { TokenLimits, TokenScope } from '@webxterm/contracts/token-scopes';
import type { z } from 'zod';
import { AppError, reasonOf } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import { NetworkSet, senderKey } from '../network/network.ts';
import { Places } from '../places.ts';
import { personalTokenSha256 } from '../tokens/personal-token.ts';
import type { AllowList } from './allow-list.ts';

/** Asks auth about a token. @throws AppError as `useAccessToken` */
export type AskAboutToken = (
  use: z.input<typeof useAccessToken.request>,
) => Promise<z.output<typeof useAccessToken.reply>>;

export interface KnownTokensOptions {
  readonly ask: AskAboutToken;
  readonly allowList: Pick<AllowList, 'find'>;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** A use of a token from one address that auth has accepted. */
interface KnownUse {
  readonly sid: string;
  /** When auth was asked last, in ms since 1970. */
  askedAt: number;
}

/** A use is reported to auth at most once in this time, in ms. */
const askEveryMs = 60_000;
const maxKnown = 10_000;
/** Questions at a time, of one client address and in total. More than this are caused by guesses. */
const askingLimits = { each: { most: 16 }, all: { most: 128, code: 'unavailable' } } as const;

/**
 * Finds the sid of a personal access token. Auth is asked once, after that the sid is in memory, and the allow-list decides for each use,
 * as it does for a sign-in. So a token that was used here works while MongoDB is unavailable, and a revoked one works nowhere.
 */
export class KnownTokens {
  readonly #options: KnownTokensOptions;
  readonly #now: () => number;
  /** By the SHA-256 of the token and the address. */
  readonly #known = new Map<string, KnownUse>();
  readonly #asking = new Map<string, Promise<string>>();
  readonly #places = new Places(askingLimits);

  constructor(options: KnownTokensOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws AppError unauthenticated, token_not_allowed from another address, too_many_requests, unavailable */
  async find(
    token: string,
    clientIp: string,
  ): Promise<{ readonly sid: string; readonly entry: SigninEntry & { readonly token: TokenLimits } }> {
    const hash = personalTokenSha256(token);
    if (hash === undefined) throw new AppError('unauthenticated');
    const sid = await this.#sidOf(hash, clientIp);
    const entry = await this.#options.allowList.find(sid);
    const { token: limits } = entry;
    if (limits === undefined) throw new AppError('unauthenticated');
    requireAddress(limits, clientIp);
    return { sid, entry: { ...entry, token: limits } };
  }

  async #sidOf(hash: string, clientIp: string): Promise<string> {
    const key = `${hash} ${clientIp}`;
    const known = this.#known.get(key);
    if (known === undefined) return this.#ask(key, hash, clientIp);
    if (this.#now() - known.askedAt >= askEveryMs) {
      known.askedAt = this.#now();
      // Not awaited: the token is known, and auth may be unavailable.
      void this.#ask(key, hash, clientIp).catch((error: unknown) => this.#notTold(key, error));
    }
    return known.sid;
  }

  #notTold(key: string, error: unknown): void {
    // The allow-list knows sooner that a token was revoked. This answer only frees the memory.
    if (error instanceof AppError && error.status < 500) this.#known.delete(key);
    else this.#options.logger.warn({ reason: reasonOf(error) }, 'the use of an access token could not be recorded');
  }

  #ask(key: string, hash: string, clientIp: string): Promise<string> {
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    const asked = this.#places
      .within(senderKey(clientIp), () => this.#options.ask({ token_sha256: hash, ip_address: clientIp }))
      .then(({ sid }) => this.#remember(key, sid))
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  #remember(key: string, sid: string): string {
    this.#known.delete(key);
    const [oldest] = this.#known.size >= maxKnown ? this.#known.keys() : [];
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, { sid, askedAt: this.#now() });
    return sid;
  }
}

/** @throws AppError token_not_allowed when the token may not be used from this address */
export const requireAddress = ({ addresses }: Pick<TokenLimits, 'addresses'>, clientIp: string): void => {
  if (addresses.length > 0 && !new NetworkSet(addresses).has(clientIp))
    throw new AppError('token_not_allowed', 'This access token may not be used from this address.');
};

/**
 * Checks a caller's token. One of the scopes is enough. Undefined: the caller signed in, and needs no scope.
 * @throws AppError token_not_allowed
 */
export const requireScope = (token: TokenLimits | undefined, anyOf: readonly TokenScope[]): void => {
  if (token === undefined || anyOf.some((scope) => token.scopes.includes(scope))) return;
  throw new AppError(
    'token_not_allowed',
    anyOf.length === 0
      ? 'Access tokens may not do this. Sign in to do it.'
      : `This access token lacks the scope ${anyOf.join(' or ')}.`,
  );
};
