import type { SigninEntry } from '@webxterm/contracts/bus';
import { errorCatalog } from '@webxterm/contracts/errors';
import { type MachineRole, rightsOf } from '@webxterm/contracts/rights';
import { type Logger, toAppError } from '@webxterm/shared';
import type { AllowList } from '@webxterm/shared/bus';
import type { LinkTable } from '../agent-links/link-table.ts';
import { personOf } from '../machines/access-rule.ts';
import type { Authorizer } from '../machines/authorize.ts';
import { mayUse } from '../machines/linux-users.ts';
import { isOwner, rightHolder } from './attach-right.ts';
import type { Attachment, AttachmentTable } from './attachment-table.ts';
import { shareEnded } from './shared-session.ts';

/** How often attachments that are unchecked, or that depend on tags, are checked again. */
const recheckEveryMs = 2000;
/** How often the age of the allow-list is checked. */
const staleCheckEveryMs = 5000;

/** The error that a viewer gets, by cause, for the owner of the session and for other viewers. */
const losses = {
  access_revoked: {
    owner: { code: 'machine_not_found', message: 'You may no longer open terminals on this machine.' },
    other: { code: 'session_not_found', message: 'You may no longer watch this terminal.' },
    guest: shareEnded,
  },
  user_disabled: {
    owner: { code: 'user_disabled', message: 'This account is disabled.' },
    other: { code: 'user_disabled', message: 'This account is disabled.' },
    guest: { code: 'user_disabled', message: 'This account is disabled.' },
  },
} as const;

export interface RevocationOptions {
  readonly allowList: Pick<AllowList, 'peek' | 'isStale' | 'isTooOldForOpenTerminals' | 'mustEnrol'>;
  readonly authorizer: Authorizer;
  readonly links: LinkTable;
  readonly table: AttachmentTable;
  readonly logger: Logger;
}

/**
 * Ends attachments whose right has ended: the sign-in ended, the account was disabled, or access to the machine was revoked. If the
 * owner of a session lost access or was disabled, the session ends too. If another viewer did, the session continues. A guest with a share also
 * ends with the sign-in that made the share, and with its right to the machine.
 */
export class Revocation {
  readonly #options: RevocationOptions;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(options: RevocationOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timers.push(setInterval(() => void this.#recheckUnchecked(), recheckEveryMs));
    this.#timers.push(setInterval(() => this.#checkAge(), staleCheckEveryMs));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /**
   * Call it after one of these changes:
   * - the sign-in ended: its shells stay, detached
   * - the access token ended: a shell that it opened and is attached to ends
   * - the account was disabled: its shells end
   * - the user must set up a second factor: the shells stay, detached
   * - the role of the user changed: the right to watch depends on it, so viewers who are not the owner are checked again
   */
  signinChanged(sidHash: string, signin: SigninEntry | undefined): void {
    for (const attachment of this.#options.table.ofSignin(sidHash))
      if (this.#judgeSignin(attachment, signin) && !isOwner(attachment)) void this.recheck([attachment]);
    if (signin === undefined)
      for (const connection of this.#options.table.left.take(sidHash)) this.#endSession(connection, 'access_revoked');
    void this.recheck(this.#options.table.guestsOf(sidHash));
  }

  /** Call it when access to a machine changed, for one user or for all (`userId` null). */
  async accessChanged(agentId: string, userId: string | null, role: MachineRole | null = null): Promise<void> {
    const affected = this.#options.table
      .ofAgent(agentId)
      .filter((attachment) => userId === null || rightHolder(attachment) === userId);
    await this.recheck(affected);
    // The message says that the right is revoked, and the database cannot confirm it. Closing wrongly is better than staying open wrongly.
    if (userId === null) return;
    const rights = role === null ? [] : rightsOf(role, false);
    for (const attachment of affected)
      if (attachment.unchecked && !attachment.held.every((right) => rights.includes(right)))
        this.#lose(attachment, 'access_revoked');
  }

  /** Checks access again. An attachment that cannot be checked now stays open, is marked as unchecked and is checked again soon. */
  async recheck(attachments: readonly Attachment[]): Promise<void> {
    await Promise.all(attachments.map((attachment) => this.#recheckAny(attachment)));
  }

  async #recheckAny(attachment: Attachment): Promise<void> {
    const { allowList } = this.#options;
    // A stale allow-list may lack entries while it is read again. A missing entry must not end a terminal then.
    const signin = allowList.isStale() ? undefined : allowList.peek(attachment.sidHash);
    if (allowList.isStale()) attachment.unchecked = true;
    else if (this.#judgeSignin(attachment, signin) && signin !== undefined) {
      const holder = attachment.share === undefined ? signin : allowList.peek(attachment.share.owner_signin);
      const holds = holder !== undefined && !holder.disabled && !allowList.mustEnrol(holder);
      if (!holds) this.#lose(attachment, 'access_revoked');
      else await this.#recheckOne(attachment, holder);
    }
  }

  async #recheckOne(attachment: Attachment, signin: SigninEntry): Promise<void> {
    try {
      if (await this.#mayStay(attachment, signin)) attachment.unchecked = false;
      else this.#lose(attachment, 'access_revoked');
    } catch (error) {
      attachment.unchecked = true;
      this.#options.logger.warn({ err: error, agent_id: attachment.agentId }, 'access cannot be read, retrying');
    }
  }

  /** Call it after a bus outage, because messages were missed. */
  recheckAll(): Promise<void> {
    return this.recheck(this.#options.table.all());
  }

  async #mayStay(attachment: Attachment, signin: SigninEntry): Promise<boolean> {
    try {
      const { rights, linuxUsers } = await this.#options.authorizer.access(personOf(signin), attachment.agentId);
      attachment.linuxUsers = linuxUsers;
      const { linuxUser, held } = attachment;
      const kept = held.filter((right) => rights.includes(right));
      if (!attachment.admitted) attachment.held = kept;
      const holds = attachment.admitted ? kept.length === held.length : kept.length > 0;
      return (linuxUser === undefined || mayUse(linuxUsers, linuxUser)) && holds;
    } catch (error) {
      if (toAppError(error).code === 'machine_not_found') return false;
      throw error;
    }
  }

  #judgeSignin(attachment: Attachment, signin: SigninEntry | undefined): boolean {
    if (signin?.disabled) {
      this.#lose(attachment, 'user_disabled');
      return false;
    }
    if (signin !== undefined && this.#options.allowList.mustEnrol(signin)) {
      const code = 'second_factor_enrolment_required';
      attachment.end({ kind: 'refuse', code, message: errorCatalog[code].message, detach: 'revoked' });
      return false;
    }
    if (signin !== undefined) return true;
    if (attachment.openedByToken) this.#endSession(attachment, 'access_revoked');
    const message = 'Your sign-in or access token has ended.';
    attachment.end({ kind: 'refuse', code: 'unauthenticated', message, detach: 'revoked' });
    return false;
  }

  #lose(attachment: Attachment, cause: keyof typeof losses): void {
    const owner = isOwner(attachment);
    if (owner) this.#endSession(attachment, cause);
    const whose = owner ? 'owner' : attachment.share === undefined ? 'other' : 'guest';
    attachment.end({ kind: 'refuse', ...losses[cause][whose], detach: 'revoked' });
  }

  #endSession(
    { agentId, sessionId, ownerUserId }: Pick<Attachment, 'agentId' | 'sessionId' | 'ownerUserId'>,
    cause: keyof typeof losses,
  ): void {
    this.#options.links.find(agentId)?.send({ $case: 'endSession', value: { sessionId, cause, ownerUserId } });
  }

  async #recheckUnchecked(): Promise<void> {
    await this.recheck(this.#options.table.all().filter(({ unchecked, reachedByTag }) => unchecked || reachedByTag));
  }

  #checkAge(): void {
    const { allowList, table } = this.#options;
    if (!allowList.isTooOldForOpenTerminals()) return;
    for (const attachment of table.all())
      attachment.end({
        kind: 'refuse',
        code: 'unavailable',
        message: 'Sign-ins could not be checked for 15 minutes.',
        detach: 'revoked',
      });
  }
}
