import { AppError } from '@webxterm/shared';
import { notOfThisList, type Place, pageOf, readCursor } from '@webxterm/shared/mongo';
import mongoose, { type Model, type QueryFilter } from 'mongoose';
import { sessionOrigin } from './audit.ts';
import type { SessionEnd, SessionEventName, SessionRecord } from './record.ts';

/** A session that was named but never opened is forgotten after this. */
const reservedForMs = 10 * 60_000;
/** An ended one stays in the history this long. */
const closedForMs = 90 * 24 * 3_600_000;
/** Live sessions of one user on one machine: a runaway script must not fill a machine with shells. */
export const maxSessionsPerMachine = 64;
/** Sessions that one user has named and not opened yet. A client that tries an offline machine again and again names many. */
export const maxReservedSessions = 1000;

/** More live shells than any one machine has. */
const maxActiveRead = 10_000;

/** The only operators in filters here: what comes from outside never becomes one (sanitizeFilter). */
const unfinished = mongoose.trusted({ $in: ['reserved', 'active'] satisfies SessionRecord['status'][] });
const opened = mongoose.trusted({ $in: ['active', 'closed'] satisfies SessionRecord['status'][] });
const exists = mongoose.trusted({ $exists: true });

export interface NewSession {
  readonly sessionId: string;
  readonly agentId: string;
  readonly userId: string;
  readonly username: string;
  readonly ipAddress: string;
}

export interface SessionQuery {
  readonly status?: 'active' | 'closed' | undefined;
  readonly page: number;
  /** Where the page begins, in place of its number. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** @throws AppError invalid_input */
const sessionsBehind = ({ key, id }: Place): QueryFilter<SessionRecord> => {
  const at = new Date(key);
  if (Number.isNaN(at.getTime())) throw notOfThisList();
  // The bound beside the alternatives is where the index begins: $or alone gives none.
  return {
    created_at: mongoose.trusted({ $lte: at }),
    $or: [{ created_at: mongoose.trusted({ $lt: at }) }, { _id: mongoose.trusted({ $lt: id }) }],
  };
};

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

  /** Names a new session, before its first attach. @throws AppError too_many_sessions */
  async reserve(session: NewSession): Promise<SessionRecord> {
    const { agentId, userId } = session;
    await this.requireRoom(userId, agentId);
    const reserved = await this.#model
      .countDocuments({ user_id: userId, status: 'reserved' })
      .limit(maxReservedSessions);
    if (reserved >= maxReservedSessions)
      throw new AppError(
        'too_many_sessions',
        `${maxReservedSessions} sessions were asked for and never opened. Wait ten minutes and try again.`,
      );
    const record: SessionRecord = {
      session_id: session.sessionId,
      agent_id: agentId,
      user_id: userId,
      username: session.username,
      status: 'reserved',
      created_at: new Date(this.#now()),
      opened_at: null,
      closed_at: null,
      exit_code: null,
      signal: null,
      cause: null,
      ip_address: session.ipAddress,
      origin: sessionOrigin(),
      raw_viewer_id: null,
      raw_attachment_id: null,
      untold: [],
      expires_at: new Date(this.#now() + reservedForMs),
    };
    await this.#model.create(record);
    return record;
  }

  /** One more shell may be opened there. Asked when a session is named, and again when it is opened. @throws AppError too_many_sessions */
  async requireRoom(userId: string, agentId: string): Promise<void> {
    const live = await this.#model.countDocuments({ user_id: userId, agent_id: agentId, status: 'active' });
    if (live < maxSessionsPerMachine) return;
    throw new AppError(
      'too_many_sessions',
      `You have ${maxSessionsPerMachine} open sessions on this machine. End one and try again.`,
    );
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

  /** How many shells of a user live, on whosever machines. */
  liveCount(userId: string): Promise<number> {
    return this.#model.countDocuments({ user_id: userId, status: 'active' }).exec();
  }

  /** One page of a machine's sessions that were opened, newest first. @throws AppError invalid_input for a cursor that is none */
  async page(
    scope: SessionScope,
    agentId: string,
    { status, page, cursor, limit }: SessionQuery,
  ): Promise<{ records: SessionRecord[]; total: number; next: string | null }> {
    const filter = { ...scoped(scope), agent_id: agentId, status: status ?? opened };
    const behind = cursor === undefined ? {} : sessionsBehind(readCursor(cursor));
    const [found, total] = await Promise.all([
      this.#model
        .find({ $and: [filter, behind] })
        .sort({ created_at: -1, _id: -1 })
        .skip(cursor === undefined ? (page - 1) * limit : 0)
        .limit(limit + 1)
        .lean(),
      this.#model.countDocuments(filter),
    ]);
    const { rows, next } = pageOf(found, limit, ({ created_at, _id }) => ({ key: created_at.toISOString(), id: _id }));
    return { records: rows, total, next };
  }

  /** Every session on a machine whose shell is thought to live. */
  async activeOn(agentId: string): Promise<Pick<SessionRecord, 'session_id' | 'created_at' | 'opened_at'>[]> {
    return this.#model
      .find({ agent_id: agentId, status: 'active' }, { session_id: 1, created_at: 1, opened_at: 1 })
      .limit(maxActiveRead)
      .lean();
  }

  /** The shell was opened. @returns the record, when it was this call that said so first */
  async opened(sessionId: string): Promise<SessionRecord | undefined> {
    const record = await this.#model
      .findOneAndUpdate(
        { session_id: sessionId, status: 'reserved' },
        { status: 'active', opened_at: new Date(this.#now()), expires_at: null, $push: { untold: 'opened' } },
        { returnDocument: 'after' },
      )
      .lean();
    return record ?? undefined;
  }

  async attachedRaw(sessionId: string, viewerId: string, attachmentId: string): Promise<void> {
    const written = { raw_viewer_id: viewerId, raw_attachment_id: attachmentId };
    await this.#model.updateOne({ session_id: sessionId }, written);
  }

  async detachedRaw(sessionId: string, attachmentId: string): Promise<void> {
    const whose = { session_id: sessionId, raw_attachment_id: attachmentId };
    await this.#model.updateOne(whose, { raw_viewer_id: null, raw_attachment_id: null });
  }

  /** @returns the record, when it was this call that closed it */
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
          raw_viewer_id: null,
          raw_attachment_id: null,
          expires_at: new Date(this.#now() + closedForMs),
          $push: { untold: 'closed' },
        },
        { returnDocument: 'after' },
      )
      .lean();
    return record ?? undefined;
  }

  /** Sessions with events that the bus has not acknowledged. */
  async untold(limit: number): Promise<SessionRecord[]> {
    return this.#model.find({ 'untold.0': exists }).limit(limit).lean();
  }

  async told(sessionId: string, event: SessionEventName): Promise<void> {
    await this.#model.updateOne({ session_id: sessionId }, { $pull: { untold: event } });
  }
}
