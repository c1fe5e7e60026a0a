import { AppError } from '@webxterm/shared';
import { SharePerUser } from '../shares/share-per-user.ts';
import type { ProvenIdentity, Providers } from './providers.ts';
import type { Transaction } from './transaction.ts';

/** Questions to providers at a time: in total, and for one client address. A provider may take seconds to answer. */
const maxRunning = 64;
const maxPerAddress = 8;

/** Asks providers who signed in, with a bound for the questions at a time. */
export class Proofs {
  readonly #providers: Pick<Providers, 'prove'>;
  readonly #shares = new SharePerUser(maxPerAddress, 'Too many sign-ins at once from your address. Try again shortly.');
  #running = 0;

  constructor(providers: Pick<Providers, 'prove'>) {
    this.#providers = providers;
  }

  /** @throws AppError as `Providers.prove`; too_many_requests, unavailable */
  of(transaction: Transaction, query: string, address: string): Promise<ProvenIdentity> {
    return this.#shares.run(address, async () => {
      if (this.#running >= maxRunning) throw new AppError('unavailable');
      this.#running += 1;
      try {
        return await this.#providers.prove(transaction, query);
      } finally {
        this.#running -= 1;
      }
    });
  }
}
