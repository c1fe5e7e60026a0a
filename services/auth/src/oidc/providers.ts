import { isLoopback } from '@webxterm/contracts/loopback';
import type { SignInProvider } from '@webxterm/contracts/rest';
import { AppError, type Logger, reasonOf } from '@webxterm/shared';
import * as client from 'openid-client';
import type { AuthorizationRequest, RequestSecrets } from './authorization-request.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { ProviderSettings } from './provider-settings.ts';

/** Seconds that the clocks of provider and auth may differ. */
const clockToleranceSeconds = 60;
const timeoutSeconds = 5;
/** How long a discovery document is used, in ms. */
const discoveredForMs = 3_600_000;

/** The person who signed in at a provider. */
export interface ProvenIdentity {
  readonly issuer: string;
  readonly sub: string;
  readonly email: string | undefined;
  /** Whether the provider says that the address belongs to this user. */
  readonly emailVerified: boolean;
  readonly name: string | undefined;
}

export interface ProvidersOptions {
  readonly settings: readonly ProviderSettings[];
  readonly publicUrl: string;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** The providers of the settings, with OpenID Connect discovery. */
export class Providers {
  readonly #options: ProvidersOptions;
  readonly #now: () => number;
  readonly #discovered = new Map<string, { readonly at: number; readonly config: Promise<client.Configuration> }>();

  constructor(options: ProvidersOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  list(): SignInProvider[] {
    return this.#options.settings.map(({ id, label, sign_up }) => ({ id, label, sets_up: sign_up !== 'off' }));
  }

  /** @throws AppError not_found */
  require(id: string): ProviderSettings {
    const found = this.#options.settings.find((provider) => provider.id === id);
    if (found === undefined) throw new AppError('not_found', 'There is no provider of sign-ins by that id.');
    return found;
  }

  /** The label of the provider of an issuer. */
  labelOf(issuer: string): string | undefined {
    return this.#options.settings.find((provider) => provider.issuer === issuer)?.label;
  }

  /** The page of the provider. @throws AppError not_found, unavailable */
  async pageOf(id: string, { state, nonce, verifier }: RequestSecrets): Promise<string> {
    const config = await this.#configuration(this.require(id));
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: this.#redirectTo(id),
      scope: 'openid email profile',
      response_type: 'code',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return url.href;
  }

  /**
   * The person who signed in, by the query with which the provider sent the user back. The code is exchanged only at the provider of the request.
   * @throws AppError provider_refused, unavailable
   */
  async prove({ provider, state, nonce, verifier }: AuthorizationRequest, query: string): Promise<ProvenIdentity> {
    const settings = this.require(provider);
    const config = await this.#configuration(settings);
    try {
      const returned = new URL(`${this.#redirectTo(provider)}?${query.replace(/^\?/, '')}`);
      const tokens = await client.authorizationCodeGrant(config, returned, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error('no ID token');
      const more = claims.email === undefined ? await userInfo(config, tokens.access_token, claims.sub) : {};
      return identityOf({ ...more, ...claims });
    } catch (error) {
      throw this.#refused(error, settings);
    }
  }

  #redirectTo(id: string): string {
    // Each provider has its own, so that the answer of one cannot pass for that of another (RFC 9700, 4.4.2).
    return `${this.#options.publicUrl}/sign-in/${id}`;
  }

  #configuration(settings: ProviderSettings): Promise<client.Configuration> {
    const known = this.#discovered.get(settings.id);
    if (known !== undefined && this.#now() - known.at < discoveredForMs) return known.config;
    const config = discover(settings).catch((error: unknown) => {
      this.#discovered.delete(settings.id);
      throw this.#refused(error, settings);
    });
    this.#discovered.set(settings.id, { at: this.#now(), config });
    return config;
  }

  #refused(error: unknown, { id, label }: ProviderSettings): AppError {
    if (error instanceof AppError) return error;
    this.#options.logger.warn({ provider: id, reason: reasonsOf(error) }, 'a sign-in at a provider failed');
    return isAway(error)
      ? new AppError('unavailable', `${label} does not answer right now. Try again shortly.`, { cause: error })
      : new AppError('provider_refused', `${label} did not confirm this sign-in. Start again.`, { cause: error });
  }
}

const discover = async (settings: ProviderSettings): Promise<client.Configuration> => {
  const issuer = new URL(settings.issuer);
  const insecure = issuer.protocol === 'http:' && isLoopback(issuer.hostname);
  const { client_secret } = settings;
  // A provider names the methods that it takes. Without the list it takes the first one (OpenID Connect Discovery, 3).
  const authenticate: client.ClientAuth = (server, metadata, body, headers) => {
    const basic = server.token_endpoint_auth_methods_supported?.includes('client_secret_basic') ?? true;
    const method = basic ? client.ClientSecretBasic(client_secret) : client.ClientSecretPost(client_secret);
    return method(server, metadata, body, headers);
  };
  const metadata = { client_secret, [client.clockTolerance]: clockToleranceSeconds };
  const config = await client.discovery(issuer, settings.client_id, metadata, authenticate, {
    timeout: timeoutSeconds,
    [client.customFetch]: boundedFetch,
    execute: [client.enableNonRepudiationChecks, ...(insecure ? [client.allowInsecureRequests] : [])],
  });
  config[client.customFetch] = boundedFetch;
  return config;
};

const userInfo = async (config: client.Configuration, token: string, sub: string) =>
  config.serverMetadata().userinfo_endpoint === undefined ? {} : client.fetchUserInfo(config, token, sub);

const identityOf = ({
  iss,
  sub,
  email,
  email_verified,
  preferred_username,
  name,
}: Readonly<Record<string, unknown>>): ProvenIdentity => {
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '') throw new Error('no issuer or subject');
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  return {
    issuer: iss,
    sub,
    email: text(email),
    emailVerified: email_verified === true,
    name: text(preferred_username) ?? text(name),
  };
};

/** Whether the provider was not reached, or failed itself. */
const isAway = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof TypeError && error.message === 'fetch failed') return true;
  if ('code' in error && (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT')) return true;
  if ('status' in error && typeof error.status === 'number' && error.status >= 500) return true;
  return isAway(error.cause);
};

const reasonsOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error
    ? `${error.message}: ${reasonOf(error.cause)}`
    : reasonOf(error);
