import { Places, senderKey, toAppError } from '@webxterm/shared';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import type { ProvenIdentity, Providers } from './providers.ts';

/** Questions to providers at a time, of one client address and in total. A provider may take seconds to answer. */
const limits = {
  each: { most: 8, message: 'Too many sign-ins at once from your address. Try again shortly.' },
  all: { most: 64, code: 'unavailable' },
} as const;

/** Asks providers who signed in, with a bound for the questions at a time. */
export class Proofs {
  readonly #providers: Pick<Providers, 'prove'>;
  readonly #throttle: Pick<SignInThrottle, 'admitProviderAnswer'>;
  readonly #places = new Places(limits);

  constructor(providers: Pick<Providers, 'prove'>, throttle: Pick<SignInThrottle, 'admitProviderAnswer'>) {
    this.#providers = providers;
    this.#throttle = throttle;
  }

  /** @throws AppError as `Providers.prove`; too_many_requests, unavailable */
  of(request: AuthorizationRequest, query: string, clientIp: string): Promise<ProvenIdentity> {
    return this.#places.within(senderKey(clientIp), () => this.#prove(request, query, clientIp));
  }

  async #prove(request: AuthorizationRequest, query: string, clientIp: string): Promise<ProvenIdentity> {
    const attempt = await this.#throttle.admitProviderAnswer(clientIp);
    try {
      const proven = await this.#providers.prove(request, query);
      await attempt.succeeded();
      return proven;
    } catch (error) {
      // The provider does not answer, which is no fault of the client.
      if (toAppError(error).status >= 500) await attempt.withdrawn().catch(() => {});
      throw error;
    }
  }
}
