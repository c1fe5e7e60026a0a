import type { SessionTitlesEvent } from '@webxterm/contracts/bus';
import type { RecordingMode } from '@webxterm/contracts/frames';
import { listMachineSessions, listSessions } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { listMark, notOfThisList, type Place, pageOf, readCursor } from '@webxterm/shared/mongo';
import mongoose, { type Model, type QueryFilter } from 'mongoose';
import { sessionOrigin } from './audit.ts';
import type { SessionEnd, SessionEventName, SessionRecord } from './record.ts';

/** A session that was named but not opened is deleted after this time. */
const reservedForMs = 10 * 60_000;
/** How long a closed session stays in the history. */
const closedForMs = 90 * 24 * 3_600_000;
/** Limit of live sessions per user and machine, so that a faulty script cannot fill a machine with shells. */
export const maxSessionsPerMachine = 64;
/** Limit of named but unopened sessions per user. A client that keeps trying an offline machine names many. */
export const maxReservedSessions = 1000;

/** Limit of live sessions that are read for one machine. No machine has that many. */
const maxActiveRead = 10_000;

/** The trusted operators of filters. Operators in values from outside are rejected (sanitizeFilter). */
const unfinished = mongoose.trusted({ $in: ['reserved', 'active'] satisfies SessionRecord['status'][] });
const opened = mongoose.trusted({ $in: ['active', 'closed'] satisfies SessionRecord['status'][] });
const exists = mongoose.trusted({ $exists: true });

export interface NewSession {
  readonly sessionId: string;
  readonly agentId: string;
  readonly userId: string;
  readonly username: string;
  readonly kind: string;
  /** Whether it will be recorded. */
  readonly recording: RecordingMode;
  readonly ipAddress: string;
  /** Undefined: the default. */
  readonly linuxUser?: string | undefined;
}

export interface SessionQuery {
  readonly status?: 'active' | 'closed' | undefined;
  readonly page: number;
  /** Where the page begins. Replaces `page`. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface LiveQuery {
  readonly agent_id?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** @throws AppError invalid_input */
const sessionsBehind = ({ key, id }: Place): QueryFilter<SessionRecord> => {
  const at = new Date(key);
  if (Number.isNaN(at.getTime())) throw notOfThisList();
  // The bound outside of $or lets the index scan start there. $or alone does not.
  return {
    created_at: mongoose.trusted({ $lte: at }),
    $or: [{ created_at: mongoose.trusted({ $lt: at }) }, { _id: mongoose.trusted({ $lt: id }) }],
  };
};

/** The sessions that a call may see. Reads of single sessions and pages require a scope, so that none can omit the check. */
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
        `You have ${maxReservedSessions} requested sessions that were never opened. Wait ten minutes and try again.`,
      );
    const record: SessionRecord = {
      session_id: session.sessionId,
      agent_id: agentId,
      user_id: userId,
      username: session.username,
      kind: session.kind,
      ...(session.recording === 'off' ? {} : { recording: session.recording }),
      status: 'reserved',
      created_at: new Date(this.#now()),
      opened_at: null,
      closed_at: null,
      exit_code: null,
      signal: null,
      cause: null,
      ip_address: session.ipAddress,
      ...(session.linuxUser === undefined ? {} : { linux_user: session.linuxUser }),
      origin: sessionOrigin(),
      raw_viewer_id: null,
      raw_attachment_id: null,
      untold: [],
      expires_at: new Date(this.#now() + reservedForMs),
    };
    await this.#model.create(record);
    return record;
  }

  /** Checks the limit per machine when a session is named, and again when it is opened. @throws AppError too_many_sessions */
  async requireRoom(userId: string, agentId: string): Promise<void> {
    const live = await this.#model.countDocuments({ user_id: userId, agent_id: agentId, status: 'active' });
    if (live < maxSessionsPerMachine) return;
    throw new AppError(
      'too_many_sessions',
      `You have ${maxSessionsPerMachine} open sessions on this machine. End one and try again.`,
    );
  }

  /** @throws AppError session_not_found, also for a session outside of the scope */
  async find(scope: SessionScope, sessionId: string): Promise<SessionRecord> {
    const record = await this.#model.findOne({ ...scoped(scope), session_id: sessionId }).lean();
    if (record === null) throw new AppError('session_not_found');
    return record;
  }

  /** One page of a user's live sessions, newest first. @throws AppError invalid_input for an invalid cursor */
  async live(
    userId: string,
    { agent_id, cursor, limit }: LiveQuery,
  ): Promise<{ records: SessionRecord[]; next: string | null }> {
    const mark = listMark(listSessions.id, { user_id: userId, agent_id });
    const machine = agent_id === undefined ? {} : { agent_id };
    const { rows, next } = await this.#behind({ user_id: userId, status: 'active', ...machine }, mark, cursor, limit);
    return { records: rows, next };
  }

  /** The number of a user's live sessions on all machines. */
  liveCount(userId: string): Promise<number> {
    return this.#model.countDocuments({ user_id: userId, status: 'active' }).exec();
  }

  /** One page of a machine's opened sessions, newest first. @throws AppError invalid_input for an invalid cursor */
  async page(
    scope: SessionScope,
    agentId: string,
    { status, page, cursor, limit }: SessionQuery,
  ): Promise<{ records: SessionRecord[]; total: number; next: string | null }> {
    const mark = listMark(listMachineSessions.id, { agent_id: agentId, status });
    const filter = { ...scoped(scope), agent_id: agentId, status: status ?? opened };
    const [{ rows, next }, total] = await Promise.all([
      this.#behind(filter, mark, cursor, limit, (page - 1) * limit),
      this.#model.countDocuments(filter),
    ]);
    return { records: rows, total, next };
  }

  /** The sessions behind a cursor, or without one those behind `skip` others. Newest first. */
  async #behind(filter: QueryFilter<SessionRecord>, mark: string, cursor: string | undefined, limit: number, skip = 0) {
    const behind = cursor === undefined ? {} : sessionsBehind(readCursor(cursor, mark));
    const found = await this.#model
      .find({ $and: [filter, behind] })
      .sort({ created_at: -1, _id: -1 })
      .skip(cursor === undefined ? skip : 0)
      .limit(limit + 1)
      .lean();
    return pageOf(found, limit, mark, ({ created_at, _id }) => ({ key: created_at.toISOString(), id: _id }));
  }

  /** All active sessions of a machine, according to the records. */
  async activeOn(agentId: string): Promise<Pick<SessionRecord, 'session_id' | 'created_at' | 'opened_at'>[]> {
    return this.#model
      .find({ agent_id: agentId, status: 'active' }, { session_id: 1, created_at: 1, opened_at: 1 })
      .limit(maxActiveRead)
      .lean();
  }

  /** Marks a session as opened. `linuxUser` undefined: the hub does not know it. @returns the record, if this call changed it */
  async opened(sessionId: string, linuxUser: string | undefined): Promise<SessionRecord | undefined> {
    const record = await this.#model
      .findOneAndUpdate(
        { session_id: sessionId, status: 'reserved' },
        {
          status: 'active',
          opened_at: new Date(this.#now()),
          expires_at: null,
          ...(linuxUser === undefined ? {} : { linux_user: linuxUser }),
          $push: { untold: 'opened' },
        },
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

  /** Stores the titles of sessions of a machine, unless they have ended. */
  async titled(agentId: string, titles: SessionTitlesEvent['titles']): Promise<void> {
    await this.#model.bulkWrite(
      titles.map(({ session_id, ...title }) => ({
        updateOne: {
          filter: { session_id, agent_id: agentId, status: unfinished },
          update: { $set: title },
        },
      })),
      { ordered: false },
    );
  }

  /** Sets or removes the name of a session of the user. @throws AppError session_not_found, also if it has ended */
  async rename(userId: string, sessionId: string, name: string | null): Promise<SessionRecord> {
    const record = await this.#model
      .findOneAndUpdate(
        { session_id: sessionId, user_id: userId, status: unfinished },
        name === null ? { $unset: { name: 1 } } : { $set: { name } },
        { returnDocument: 'after' },
      )
      .lean();
    if (record === null) throw new AppError('session_not_found');
    return record;
  }

  /** Marks a session as closed. @returns the record, if this call changed it */
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

  /** Sessions with events that the audit log has not recorded. */
  async unrecorded(limit: number): Promise<SessionRecord[]> {
    return this.#model.find({ 'untold.0': exists }).limit(limit).lean();
  }

  async markRecorded(sessionId: string, event: SessionEventName): Promise<void> {
    await this.#model.updateOne({ session_id: sessionId }, { $pull: { untold: event } });
  }
}
