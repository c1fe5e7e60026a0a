import type { NatsConnection } from '@nats-io/transport-node';
import { machinesOfUser, sessionsOfUser } from '@webxterm/contracts/bus';
import type { Belongings } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { ask } from '@webxterm/shared/bus';
import type { ClientSession, Connection } from 'mongoose';
import type { z } from 'zod';
import type { AccessTokenStore } from '../access-tokens/access-token-store.ts';
import type { AccessTokens } from '../access-tokens/access-tokens.ts';
import type { AvatarStore } from '../avatars/avatar-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { AuthEvent, Outbox } from '../outbox/outbox.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { PreferenceStore } from '../preferences/preference-store.ts';
import type { SetupLinkStore } from '../setup-links/setup-link-store.ts';
import type { StillAllowed } from '../signins/caller-check.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import type { Signins } from '../signins/signins.ts';
import { userTarget } from './audit-target.ts';
import { isAdmin, keepOneAdmin } from './last-admin.ts';
import type { User } from './user.ts';
import type { UserStore } from './user-store.ts';

export interface DeletionOptions {
  readonly connection: Connection;
  readonly bus: NatsConnection;
  readonly users: UserStore;
  readonly store: SigninStore;
  readonly links: SetupLinkStore;
  readonly avatars: AvatarStore;
  readonly preferences: PreferenceStore;
  readonly signins: Pick<Signins, 'deleteAll'>;
  readonly tokens: Pick<AccessTokenStore, 'ofUser'>;
  readonly accessTokenAdmin: Pick<AccessTokens, 'deleteAll'>;
  readonly outbox: Outbox;
  readonly worker: Pick<OutboxWorker, 'settle'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
}

/** The audit action of a deletion, which shows who requested it. */
export type DeletionAction = 'account_left' | 'user_deleted';

/** The fate of the machines. Undefined: not specified, so the account must own none. */
export type MachinesGo = 'remove' | { readonly to: string } | undefined;

/** Deletes an account with all its data. */
export class Deletion {
  readonly #options: DeletionOptions;

  constructor(options: DeletionOptions) {
    this.#options = options;
  }

  /** @throws AppError not_found; unavailable when agent-hub or terminal does not respond */
  async belongings(userId: string): Promise<z.input<typeof Belongings>> {
    const { users, bus } = this.#options;
    const user = await users.byId(userId);
    if (user === null) throw new AppError('not_found', 'There is no user by that id.');
    const [machines, sessions, others] = await Promise.all([
      ask(bus, machinesOfUser, { user_id: userId }),
      ask(bus, sessionsOfUser, { user_id: userId }),
      users.countOtherAdmins(user._id),
    ]);
    return {
      machines: machines.total,
      machine_names: machines.names,
      sessions: sessions.live,
      last_admin: isAdmin(user) && others === 0,
    };
  }

  /**
   * Deletes an account. The user's tokens are invalid before this returns. Terminals and machines follow through the event.
   * @throws AppError the error of `stillAllowed`; not_found; machines_left; conflict for the last administrator; invalid_input when the new
   * owner cannot get the machines; unavailable when the deletion has not taken effect everywhere yet, which the outbox then completes
   */
  async delete(
    userId: string,
    machines: MachinesGo,
    action: DeletionAction,
    stillAllowed: StillAllowed,
  ): Promise<User> {
    const { connection, worker } = this.#options;
    if (machines === undefined) await this.#requireNoMachines(userId);
    const to = machines === undefined || machines === 'remove' ? null : machines.to;
    const { user, owed } = await inTransaction(connection, async (session) => {
      await stillAllowed(session);
      return this.#delete(userId, to, action, session);
    });
    await worker.settle(owed);
    return user;
  }

  async #delete(userId: string, machinesTo: string | null, action: DeletionAction, session: ClientSession) {
    const { users, store, links, avatars, preferences, signins, tokens, accessTokenAdmin, outbox, auditor } =
      this.#options;
    const user = await users.byId(userId, session);
    if (user === null) throw new AppError('not_found', 'There is no user by that id.');
    if (isAdmin(user)) await keepOneAdmin(users, user, session);
    if (machinesTo !== null) await this.#requireHeir(userId, machinesTo, session);
    await users.delete(user._id, session);
    await links.forget(user._id, session);
    await avatars.forget(user._id, session);
    await preferences.forget(user._id, session);
    const ended = await signins.deleteAll(await store.ofUser(userId, session), 'user_deleted', session);
    const revoked = await accessTokenAdmin.deleteAll(await tokens.ofUser(userId, session), 'user_deleted', session);
    const event: AuthEvent = {
      subject: 'auth.user.changed',
      body: { user_id: userId, role: user.role, disabled: user.disabled, deleted: true, machines_to: machinesTo },
    };
    const announced = await outbox.add([{ sid_hash: null, event }], new Date(), session);
    await auditor.recordIn(session, {
      action,
      target: userTarget(user),
      details: { email: user.email, role: user.role, ...(machinesTo === null ? {} : { machines_to: machinesTo }) },
    });
    return { user, owed: [...announced, ...ended, ...revoked] };
  }

  async #requireNoMachines(userId: string): Promise<void> {
    const { total, names } = await ask(this.#options.bus, machinesOfUser, { user_id: userId });
    if (total === 0) return;
    const some = `${names.slice(0, 5).join(', ')}${total > 5 ? ', …' : ''}`;
    throw new AppError(
      'machines_left',
      `This account owns ${total === 1 ? 'a machine' : `${total} machines`} (${some}): say whether they are removed (machines=remove) or who gets them (machines_to, administrators only).`,
    );
  }

  /** Writes to the new owner's row, so that this deletion and a concurrent one of the new owner cannot both commit. */
  async #requireHeir(userId: string, heirId: string, session: ClientSession): Promise<void> {
    const heir = heirId === userId ? null : await this.#options.users.guard(heirId, session);
    if (heir !== null && !heir.disabled) return;
    const details = [{ path: 'machines_to', message: 'must be the id of another user who is not disabled' }];
    throw new AppError('invalid_input', 'That user cannot get the machines.', { details });
  }
}
