import { isErrorCode } from '@webxterm/contracts/errors';
import type { AttachOpen, SshActivity } from '@webxterm/contracts/grpc';
import { type AuditAction, LinuxUserName } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { type Logger, type Rate, TokenBucket } from '@webxterm/shared';
import { type AuditFact, type Auditor, actorOf } from '@webxterm/shared/audit';
import type { LinkIdentity } from '../agent-links/link.ts';
import type { Attachment } from './attachment-table.ts';

/** An agent reports the last activities of a connection after its client has gone, at the latest when it has waited 30 s for the client. */
const keptMs = 2 * 60_000;
/** Connections that ended within that time and are remembered. */
const maxKept = 20_000;
/** Of a user on a machine. An agent reports a fifth of that. Beyond it, rows of one kind are counted. */
const rate = { burst: 3000, perSecond: 50 } as const;
/** About connections that this hub does not know: after its restart, those whose client does not come back. */
const unknownRate = { burst: 300, perSecond: 1 } as const;
const maxSubject = 256;

const actions: Readonly<Record<string, AuditAction>> = {
  shell: 'ssh_shell',
  command: 'ssh_command',
  sftp: 'ssh_sftp',
  file_read: 'ssh_file_read',
  file_written: 'ssh_file_written',
  file_changed: 'ssh_file_changed',
  forward: 'ssh_forward',
};

/** The name of the detail that holds the subject of an action. */
const subjects: Readonly<Record<string, string>> = { command: 'command', forward: 'target' };

export interface SshActivitiesOptions {
  readonly auditor: Pick<Auditor, 'record' | 'count'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/** The user of a connection, as this hub has checked it. */
interface Owner {
  readonly userId: string;
  readonly actor: ReturnType<typeof actorOf>;
  readonly from: NonNullable<AuditFact['from']>;
  attached: number;
  leftAt: number;
}

/**
 * Audits what is done inside ssh connections. The agents report it, and may report anything, so the user of a row is that of the attachments
 * which this hub has checked. A report about a connection without one becomes a row without a user.
 */
export class SshActivities {
  readonly #options: SshActivitiesOptions;
  /** By machine and session, in the order of their first attachment. */
  readonly #owners = new Map<string, Owner>();
  /** By machine and user; of reports about unknown connections by machine. Not by session, of which a machine may name any number. */
  readonly #rates = new Map<string, TokenBucket>();

  constructor(options: SshActivitiesOptions) {
    this.#options = options;
  }

  /** A user attaches to a connection. @returns a function to call when the attachment has ended */
  enter(
    {
      agentId,
      sessionId,
      userId,
      username,
      sid,
    }: Pick<Attachment, 'agentId' | 'sessionId' | 'userId' | 'sid'> & {
      readonly username: string;
    },
    { requestId, clientIp }: Pick<AttachOpen, 'requestId' | 'clientIp'>,
  ): () => void {
    const { now } = this.#options;
    this.#forget();
    const key = keyOf(agentId, sessionId);
    const request = { requestId, clientIp, userAgent: '' };
    const known = this.#owners.get(key);
    // The id of a session is chosen by its client. While the user of a connection is attached, the agent admits no other; later, one could
    // open another connection with its id.
    const same = known !== undefined && (known.attached > 0 || known.userId === userId);
    const owner = same
      ? known
      : {
          userId,
          actor: actorOf({ ...request, caller: { userId, username, sid } }),
          from: request,
          attached: 0,
          leftAt: 0,
        };
    this.#owners.set(key, owner);
    owner.attached += 1;
    return () => {
      owner.attached -= 1;
      owner.leftAt = now();
    };
  }

  /** An agent reports an activity. */
  receive({ agentId, machineName }: Pick<LinkIdentity, 'agentId' | 'machineName'>, activity: SshActivity): void {
    const action = Object.hasOwn(actions, activity.action) ? actions[activity.action] : undefined;
    if (action === undefined || activity.sessionId.length !== 16) return;
    const owner = this.#owners.get(keyOf(agentId, activity.sessionId));
    const whose = `${agentId} ${owner?.userId ?? ''}`;
    const bucket = this.#bucketOf(whose, owner === undefined ? unknownRate : rate);
    const fact: AuditFact = {
      action,
      agentId,
      sessionId: activity.sessionId.toString('base64url'),
      target: { type: 'machine', id: agentId, name: machineName },
      ...(owner === undefined ? { actor: { kind: 'service' } } : { actor: owner.actor, from: owner.from }),
      ...refusalOf(activity.refused),
      details: detailsOf(activity, owner !== undefined),
    };
    const { auditor, logger, now } = this.#options;
    if (!bucket.isEmpty(now())) {
      bucket.take(1, now());
      auditor
        .record(fact)
        .catch((error: unknown) =>
          logger.error(
            { err: error, agent_id: agentId, action },
            'an activity of an ssh connection could not be audited',
          ),
        );
    } else void auditor.count(whose, { ...fact, details: { too_many: true } });
  }

  #bucketOf(whose: string, its: Rate): TokenBucket {
    const known = this.#rates.get(whose);
    if (known !== undefined) return known;
    const now = this.#options.now();
    for (const [other, bucket] of this.#rates) if (bucket.isFull(now)) this.#rates.delete(other);
    const bucket = new TokenBucket(its, now);
    this.#rates.set(whose, bucket);
    return bucket;
  }

  #forget(): void {
    const before = this.#options.now() - keptMs;
    for (const [key, { attached, leftAt }] of this.#owners)
      if (attached === 0 && (leftAt < before || this.#owners.size > maxKept)) this.#owners.delete(key);
  }
}

const keyOf = (agentId: string, sessionId: Uint8Array): string =>
  `${agentId} ${Buffer.from(sessionId).toString('base64url')}`;

const refusalOf = (code: string): Pick<AuditFact, 'result' | 'reason'> =>
  code === '' ? {} : { result: 'denied', reason: isErrorCode(code) ? code : 'internal' };

const detailsOf = (
  { action, subject, detail, linuxUser, terminal, bytes, more }: SshActivity,
  known: boolean,
): NonNullable<AuditFact['details']> => ({
  ...(subject === '' ? {} : { [subjects[action] ?? 'path']: plainText(subject, maxSubject) }),
  ...(detail === '' ? {} : { change: plainText(detail, maxSubject) }),
  ...(LinuxUserName.safeParse(linuxUser).success ? { linux_user: plainText(linuxUser, maxSubject) } : {}),
  ...(terminal ? { terminal } : {}),
  ...(action === 'file_read' || action === 'file_written'
    ? { bytes: Number(bytes < BigInt(Number.MAX_SAFE_INTEGER) ? bytes : 0n) }
    : {}),
  ...(more === 0 ? {} : { more }),
  ...(known ? {} : { connection: 'unknown' }),
});
