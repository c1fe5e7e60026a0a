import { AppError } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import { userTarget } from '../accounts/audit-target.ts';
import type { Confirmation } from '../accounts/confirmation.ts';
import { requireOwner } from '../accounts/require-owner.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import { passkeysOf } from '../second-factors/second-factor.ts';
import type { SecondFactorStore } from '../second-factors/second-factor-store.ts';
import type { AdmittedCaller, CallerCheck } from '../signins/caller-check.ts';
import type { Signins } from '../signins/signins.ts';
import { beginAuthorization, openAuthorization } from './authorization-request.ts';
import { newIdentity } from './identity.ts';
import type { IdentityStore } from './identity-store.ts';
import type { Proofs } from './proofs.ts';
import type { Providers } from './providers.ts';

export interface IdentitiesOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly identities: IdentityStore;
  readonly providers: Providers;
  readonly proofs: Proofs;
  readonly roots: RootKeys;
  readonly factors: Pick<SecondFactorStore, 'useChallenge'>;
  readonly signins: Signins;
  readonly callerCheck: CallerCheck;
  readonly confirmation: Confirmation;
  readonly worker: Pick<OutboxWorker, 'settle'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly now?: () => number;
}

const purposeOf = ({ sid }: AdmittedCaller) => ({ purpose: 'link', sid_hash: hashSid(sid) }) as const;

/** Links sign-ins at providers with the account of a signed-in user, who has proven to be the owner. */
export class Identities {
  readonly #options: IdentitiesOptions;
  readonly #now: () => number;

  constructor(options: IdentitiesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws AppError not_found, invalid_input for a wrong password, step_up_required, forbidden, conflict, unavailable */
  async begin(caller: AdmittedCaller, provider: string, password: string) {
    const { providers, roots } = this.#options;
    providers.require(provider);
    await requireOwner(this.#options, caller, password);
    const { sealed, ...secrets } = beginAuthorization(
      roots,
      { ...purposeOf(caller), provider, setup: null },
      this.#now(),
    );
    return { url: await providers.pageOf(provider, secrets), transaction: sealed };
  }

  /** @throws AppError bad_challenge, provider_refused, conflict, step_up_required, unauthenticated, unavailable */
  async complete(caller: AdmittedCaller, sealed: string, query: string, clientIp: string): Promise<void> {
    const { connection, identities, proofs, roots, factors, callerCheck, auditor } = this.#options;
    const request = openAuthorization(roots, sealed, purposeOf(caller), this.#now());
    const proven = await proofs.of(request, query, clientIp);
    await inTransaction(connection, async (session) => {
      const user = await callerCheck.guardFresh(caller, session);
      await factors.useChallenge(request.jti, request.expiresAt, session);
      await identities.link(user, newIdentity(proven, new Date(this.#now()), false), session);
      const details = { provider: request.provider };
      await auditor.recordIn(session, { action: 'identity_linked', target: userTarget(user), details });
    });
  }

  /**
   * Ends every other sign-in of the user, because one of them may have begun at the provider.
   * @throws AppError not_found; conflict when it is the last way to sign in; step_up_required, unauthenticated
   */
  async unlink(caller: AdmittedCaller, id: string): Promise<void> {
    const { connection, identities, signins, callerCheck, worker, auditor } = this.#options;
    const owed = await inTransaction(connection, async (session) => {
      const user = await callerCheck.guardFresh(caller, session);
      const linked = user.identities ?? [];
      const found = linked.find((identity) => identity.id === id);
      if (found === undefined) throw new AppError('not_found', 'Your account has no link by that id.');
      if (linked.length === 1 && !hasAnotherWay(user))
        throw new AppError(
          'conflict',
          'It is the only way to sign in to your account. Set a password or add a passkey first.',
        );
      await identities.unlink(user._id, id, session);
      const details = { issuer: found.issuer };
      await auditor.recordIn(session, { action: 'identity_unlinked', target: userTarget(user), details });
      return signins.deleteOthers(caller, 'identity_unlinked', session);
    });
    await worker.settle(owed);
  }
}

const hasAnotherWay = (user: User): boolean => user.password_hash !== null || passkeysOf(user).length > 0;
