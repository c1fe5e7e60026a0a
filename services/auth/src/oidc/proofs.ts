import { AppError, addressOf, toAppError } from '@webxterm/shared';
import { SharePerUser } from '../shares/share-per-user.ts';
import type { SignInThrottle } from '../throttling/sign-in-throttle.ts';
import type { ProvenIdentity, Providers } from './providers.ts';
import type { Transaction } from './transaction.ts';

/** Questions to providers at a time: in total, and for one client address. A provider may take seconds to answer. */
const maxRunning = 64;
const maxPerAddress = 8;

/** Asks providers who signed in, with a bound for the questions at a time. */
export class Proofs {
  readonly #providers: Pick<Providers, 'prove'>;
  readonly #throttle: Pick<SignInThrottle, 'admitProviderAnswer'>;
  readonly #shares = new SharePerUser(maxPerAddress, 'Too many sign-ins at once from your address. Try again shortly.');
  #running = 0;

  constructor(providers: Pick<Providers, 'prove'>, throttle: Pick<SignInThrottle, 'admitProviderAnswer'>) {
    this.#providers = providers;
    this.#throttle = throttle;
  }

  /** @throws AppError as `Providers.prove`; too_many_requests, unavailable */
  of(transaction: Transaction, query: string, clientIp: string): Promise<ProvenIdentity> {
    return this.#shares.run(addressOf(clientIp), async () => {
      if (this.#running >= maxRunning) throw new AppError('unavailable');
      this.#running += 1;
      try {
        return await this.#prove(transaction, query, clientIp);
      } finally {
        this.#running -= 1;
      }
    });
  }

  async #prove(transaction: Transaction, query: string, clientIp: string): Promise<ProvenIdentity> {
    const attempt = await this.#throttle.admitProviderAnswer(clientIp);
    try {
      const proven = await this.#providers.prove(transaction, query);
      await attempt.succeeded();
      return proven;
    } catch (error) {
      // The provider does not answer, which is no fault of the client.
      if (toAppError(error).status >= 500) await attempt.withdrawn().catch(() => {});
      throw error;
    }
  }
}
