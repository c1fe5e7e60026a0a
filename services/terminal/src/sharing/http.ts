import type { NatsConnection } from '@nats-io/transport-node';
import {
  createShare,
  findShareGrantee,
  type Grantee,
  joinShare,
  listSharedSessions,
  listShares,
  redeemShare,
  revokeShare,
  type SessionShare,
  type SharedSession,
  ShareSecret,
} from '@webxterm/contracts/rest';
import { AppError, type RatePerKey, toAppError } from '@webxterm/shared';
import { type Api, type Caller, hashSid } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import { findUser } from '@webxterm/shared/bus';
import { kindOf } from '../sessions/kind.ts';
import type { MachineCalls } from '../sessions/machine-calls.ts';
import type { SessionRecord } from '../sessions/record.ts';
import type { SessionStore } from '../sessions/store.ts';
import { newTicket, ticketLifeSeconds } from '../tickets/ticket.ts';
import { shareDetails, sharedFact, shareFact } from './audit.ts';
import type { ShareRecord } from './record.ts';
import type { ShareStore } from './store.ts';
import type { Visits } from './visits.ts';

export interface SharesHttpOptions {
  readonly shares: ShareStore;
  readonly sessions: Pick<SessionStore, 'find'>;
  readonly visits: Pick<Visits, 'end'>;
  readonly machines: Pick<MachineCalls, 'requireShare'>;
  readonly bus: NatsConnection;
  readonly auditor: Pick<Auditor, 'act' | 'count' | 'record'>;
  readonly ticketKey: Buffer;
  /** Look-ups of users, by the caller. */
  readonly lookUps: RatePerKey;
  /** Uses of links and shares by the caller, and wrong links by the address. */
  readonly tries: RatePerKey;
  readonly now: () => number;
}

/** Mounts the REST API of shares, for the owners of sessions and for their guests. */
export const mountShares = (api: Api, options: SharesHttpOptions): void => {
  mountForOwners(api, options);
  mountForGuests(api, options);
};

const mountForOwners = (api: Api, options: SharesHttpOptions): void => {
  const { shares, sessions, visits, machines, auditor } = options;

  api.mount(findShareGrantee, async ({ params, query, caller }) => {
    await ownSession(sessions, caller, params.id);
    return { user: await findGrantee(options, caller, query.user) };
  });

  api.mount(createShare, async ({ params, body, caller, context }) => {
    const session = await ownSession(sessions, caller, params.id);
    const types = body.role === 'control';
    const what = { agentId: session.agent_id, kind: kindOf(session) };
    await machines.requireShare(caller, what, types, context.requestId);
    const grantee = body.user === undefined ? undefined : await findGrantee(options, caller, body.user);
    if (body.user_id !== undefined && body.user_id !== grantee?.user_id)
      throw new AppError('conflict', 'This name now belongs to another user. Look the user up again.');
    const make = () =>
      shares.create({
        session_id: session.session_id,
        agent_id: session.agent_id,
        owner_user_id: caller.userId,
        owner_username: caller.username,
        owner_signin: hashSid(caller.sid),
        role: body.role,
        types_always: types && body.types_always,
        grantee,
        uses: body.uses,
        lifeMs: body.minutes * 60_000,
      });
    const created = await auditor.act({ ...sharedFact(session), action: 'share_created' }, make, {
      resultOf: ({ share }) => shareDetails(share),
    });
    return { share: toSessionShare(created.share), secret: created.secret };
  });

  api.mount(listShares, async ({ params, caller }) => {
    const session = await ownSession(sessions, caller, params.id);
    return { shares: (await shares.ofSession(caller.userId, session.session_id)).map(toSessionShare) };
  });

  api.mount(revokeShare, async ({ params, caller }) => {
    const session = await ownSession(sessions, caller, params.id);
    const revoke = async (): Promise<void> => {
      const share = await shares.revoke(caller.userId, session.session_id, params.share_id);
      visits.end(share.share_id);
    };
    const fact = { ...sharedFact(session), action: 'share_revoked', details: { share_id: params.share_id } } as const;
    await auditor.act(fact, revoke);
    return undefined;
  });
};

const mountForGuests = (api: Api, { shares, sessions, auditor, ticketKey, tries, now }: SharesHttpOptions): void => {
  api.mount(redeemShare, async ({ body, caller, context }) => {
    tries.count(caller.userId);
    // Only failures count for an address, because many users of one network may use a link.
    tries.require(context.clientIp);
    try {
      if (!ShareSecret.safeParse(body.secret).success) throw new AppError('share_not_found');
      const share = await shares.redeem(body.secret, caller);
      await requireLive(sessions, share);
      await auditor.record({ ...shareFact(share), action: 'share_redeemed' });
      return { share: toSharedSession(share) };
    } catch (error) {
      const { code } = toAppError(error);
      if (code === 'share_not_found') {
        await auditor.count(caller.userId, { action: 'share_redeemed', result: 'denied', reason: code });
        tries.count(context.clientIp);
      }
      throw error;
    }
  });

  api.mount(listSharedSessions, async ({ caller }) => {
    const found = await shares.withUser(caller.userId);
    const live = await Promise.all(found.map((share) => isLive(sessions, share)));
    return { shares: found.filter((_share, index) => live[index]).map(toSharedSession) };
  });

  api.mount(joinShare, async ({ params, caller }) => {
    tries.count(`join ${caller.userId}`);
    const share = await shares.usable(params.share_id, caller.userId);
    await requireLive(sessions, share);
    const { agent_id, session_id, role: mode, share_id } = share;
    const ticket = newTicket(ticketKey, caller, { agent_id, session_id, mode, share_id }, now());
    return { share: toSharedSession(share), ticket, expires_in: ticketLifeSeconds };
  });
};

/** A live session of the caller. @throws AppError session_not_found */
const ownSession = async (
  sessions: Pick<SessionStore, 'find'>,
  caller: Caller,
  sessionId: string,
): Promise<SessionRecord> => {
  const session = await sessions.find({ kind: 'owner', userId: caller.userId }, sessionId);
  if (session.status !== 'active') throw new AppError('session_not_found', 'This session has already ended.');
  return session;
};

const isLive = async (sessions: Pick<SessionStore, 'find'>, { session_id }: ShareRecord): Promise<boolean> => {
  const session = await sessions.find({ kind: 'any' }, session_id).catch(notThere);
  return session?.status === 'active';
};

const notThere = (error: unknown): undefined => {
  if (toAppError(error).code !== 'session_not_found') throw error;
};

/** @throws AppError share_not_found if the shared session has ended */
const requireLive = async (sessions: Pick<SessionStore, 'find'>, share: ShareRecord): Promise<void> => {
  if (!(await isLive(sessions, share))) throw new AppError('share_not_found');
};

/** @throws AppError too_many_requests, not_found; conflict for the caller */
const findGrantee = async (
  { bus, lookUps }: Pick<SharesHttpOptions, 'bus' | 'lookUps'>,
  caller: Caller,
  user: string,
): Promise<Grantee> => {
  lookUps.count(caller.userId);
  const found = await findUser(bus, user.includes('@') ? { username: user, email: user } : { username: user });
  if (found.disabled) throw new AppError('not_found', `There is no user called "${user}".`);
  if (found.user_id === caller.userId) throw new AppError('conflict', 'This is your own account.');
  const { user_id, username, email, avatar_url } = found;
  return { user_id, username, email, avatar_url };
};

const commonOf = ({ share_id, session_id, role, types_always, expires_at }: ShareRecord) => ({
  share_id,
  session_id,
  role,
  types_always,
  expires_at: expires_at.toISOString(),
});

const toSessionShare = (share: ShareRecord): SessionShare => {
  const { user_id, username, uses_left, members, created_at } = share;
  const isLink = user_id === null;
  return {
    ...commonOf(share),
    kind: isLink ? 'link' : 'user',
    user: isLink ? null : { user_id, username: username ?? '' },
    uses_left: isLink ? uses_left : null,
    members: members.map((member) => ({ ...member, joined_at: member.joined_at.toISOString() })),
    created_at: created_at.toISOString(),
  };
};

const toSharedSession = (share: ShareRecord): SharedSession => ({
  ...commonOf(share),
  agent_id: share.agent_id,
  owner: share.owner_username,
});
