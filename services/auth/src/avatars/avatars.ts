import { randomBytes } from 'node:crypto';
import { AppError, Places } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { ClientSession, Connection } from 'mongoose';
import { userTarget } from '../accounts/audit-target.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { AdmittedCaller, CallerCheck } from '../signins/caller-check.ts';
import type { AvatarStore } from './avatar-store.ts';
import type { Redraw } from './redraw.ts';

export interface AvatarsOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly store: AvatarStore;
  readonly callerCheck: CallerCheck;
  readonly redraw: Pick<Redraw, 'png'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
}

/** Profile pictures of users. Two of one user may be processed or wait at a time; `Redraw` limits those of all users. */
export class Avatars {
  readonly #options: AvatarsOptions;
  readonly #places = new Places({
    each: { most: 2, message: 'Your picture is already being processed. Try again shortly.' },
  });

  constructor(options: AvatarsOptions) {
    this.#options = options;
  }

  /**
   * `dataUrl`: in the format of the contract. @returns its URL. @throws AppError invalid_input, unauthenticated, too_many_requests,
   * unavailable
   */
  async put(caller: AdmittedCaller, dataUrl: string): Promise<string> {
    const file = Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64');
    const png = await this.#places.within(caller.userId, () => this.#options.redraw.png(file));
    // Each picture has its own URL, so that browsers may cache it.
    const id = randomBytes(16).toString('base64url');
    const url = `/api/avatars/${id}`;
    await this.#change(caller, url, (user, session) => this.#options.store.put(id, user._id, png, session));
    return url;
  }

  async remove(caller: AdmittedCaller): Promise<void> {
    await this.#change(caller, null, (user, session) => this.#options.store.forget(user._id, session));
  }

  /** The picture as PNG. @throws AppError not_found */
  async png(id: string): Promise<Buffer> {
    const png = await this.#options.store.png(id);
    if (png === undefined) throw new AppError('not_found', 'There is no picture at this address.');
    return png;
  }

  async #change(
    caller: AdmittedCaller,
    url: string | null,
    store: (user: User, session: ClientSession) => Promise<void>,
  ): Promise<void> {
    const { connection, users, callerCheck, auditor } = this.#options;
    await inTransaction(connection, async (session) => {
      const user = await callerCheck.require(caller, session);
      if (url === null && user.avatar_url === null) return;
      await store(user, session);
      await users.setAvatar(user._id, url, session);
      const details = { removed: url === null };
      await auditor.recordIn(session, { action: 'avatar_updated', target: userTarget(user), details });
    });
  }
}
