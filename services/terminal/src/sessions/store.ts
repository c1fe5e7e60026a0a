import { AppError } from '@webxterm/shared';
import mongoose, { type Model } from 'mongoose';
import type { SessionEnd, SessionRecord } from './record.ts';

/** A session that was named but never opened is forgotten after this. */
const reservedForMs = 10 * 60_000;
/** An ended one stays in the history this long. */
const closedForMs = 90 * 24 * 3_600_000;
/** Live sessions of one user on one machine: a runaway script must not fill a machine with shells. */
export const maxSessionsPerMachine = 64;

/** The only operator in a filter here: what comes from outside never becomes one (sanitizeFilter). */
const unfinished = mongoose.trusted({ $in: ['reserved', 'active'] satisfies SessionRecord['status'][] });

export interface NewSession {
  readonly sessionId: string;
  readonly agentId: string;
  readonly userId: string;
  readonly username: string;
  readonly ipAddress: string;
}

/** Whose sessions a call may see. Every read takes one, so that none can forget to ask whose. */
export type SessionScope = { readonly kind: 'owner'; readonly userId: string } | { readonly kind: 'any' };

const scoped = (scope: SessionScope): Partial<SessionRecord> => (scope.kind === 'any' ? {} : { user_id: scope.userId });

export class SessionStore {
  readonly #model: Model<SessionRecord>;
  readonly #now: () => number;

  constructor(model: Model<SessionRecord>, now: () => number = Date.now) {
    this.#model = model;
    this.#now = now;
  }

  /** Names a new session, before its first attach. @throws AppError too_many_requests */
  async reserve(session: NewSession): Promise<SessionRecord> {
    const { agentId, userId } = session;
    const live = await this.#model.countDocuments({ user_id: userId, agent_id: agentId, status: 'active' });
    if (live >= maxSessionsPerMachine)
      throw new AppError(
        'too_many_requests',
        `You have ${maxSessionsPerMachine} open sessions on this machine. End one and try again.`,
      );
    const record: SessionRecord = {
      session_id: session.sessionId,
      agent_id: agentId,
      user_id: userId,
      username: session.username,
      status: 'reserved',
      created_at: new Date(this.#now()),
      closed_at: null,
      exit_code: null,
      signal: null,
      cause: null,
      ip_address: session.ipAddress,
      raw_viewer_id: null,
      expires_at: new Date(this.#now() + reservedForMs),
    };
    await this.#model.create(record);
    return record;
  }

  /** @throws AppError session_not_found, also for one that is not theirs */
  async find(scope: SessionScope, sessionId: string): Promise<SessionRecord> {
    const record = await this.#model.findOne({ ...scoped(scope), session_id: sessionId }).lean();
    if (record === null) throw new AppError('session_not_found');
    return record;
  }

  async live(userId: string, agentId: string | undefined): Promise<SessionRecord[]> {
    const machine = agentId === undefined ? {} : { agent_id: agentId };
    return this.#model
      .find({ user_id: userId, status: 'active', ...machine })
      .sort({ created_at: -1 })
      .limit(500)
      .lean();
  }

  /** The shell was opened. @returns whether it was this call that said so first */
  async opened(sessionId: string): Promise<boolean> {
    const written = await this.#model.updateOne(
      { session_id: sessionId, status: 'reserved' },
      { status: 'active', expires_at: null },
    );
    return written.modifiedCount === 1;
  }

  async attachedRaw(sessionId: string, viewerId: string): Promise<void> {
    await this.#model.updateOne({ session_id: sessionId }, { raw_viewer_id: viewerId });
  }

  /** @returns whether it was this call that closed it */
  async closed(agentId: string, sessionId: string, end: SessionEnd): Promise<SessionRecord | undefined> {
    const record = await this.#model
      .findOneAndUpdate(
        { session_id: sessionId, agent_id: agentId, status: unfinished },
        {
          status: 'closed',
          closed_at: new Date(this.#now()),
          cause: end.cause,
          exit_code: end.exitCode,
          signal: end.signal,
          expires_at: new Date(this.#now() + closedForMs),
        },
        { returnDocument: 'after' },
      )
      .lean();
    return record ?? undefined;
  }
}
