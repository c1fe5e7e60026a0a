import { type AuditAction, AuditDetails, type AuditResult, type AuditRow, listAudit } from '@webxterm/contracts/rest';
import { listMark, notOfThisList } from '@webxterm/shared/mongo';
import { type QueryFilter, trusted } from 'mongoose';
import type { AuditModels, StoredRow } from './row.ts';

/** The conditions for rows. All of them must hold. */
export interface AuditFilter {
  /** The actor or the target account. */
  readonly user_id?: string | undefined;
  readonly action?: AuditAction | undefined;
  /** agent_id */
  readonly machine?: string | undefined;
  readonly result?: AuditResult | undefined;
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
}

/** The last row of a page. The next page begins below it. */
interface Place {
  readonly at: Date;
  readonly seq: number;
}

const writeCursor = ({ at, seq }: Place, mark: string): string =>
  `${at.getTime().toString(36)}-${seq.toString(36)}-${mark}`;

/** A cursor of an auth of an earlier version has no mark. @throws AppError invalid_input */
const readCursor = (cursor: string, mark: string): Place => {
  const [at = '', seq = '', of = mark] = cursor.split('-');
  const place = { at: new Date(Number.parseInt(at, 36)), seq: Number.parseInt(seq, 36) };
  if (of !== mark || Number.isNaN(place.at.getTime()) || !Number.isSafeInteger(place.seq)) throw notOfThisList();
  return place;
};

const below = ({ at, seq }: Place): QueryFilter<StoredRow> => ({
  $or: [{ at: trusted({ $lt: at }) }, { at, seq: trusted({ $lt: seq }) }],
});

const conditionsOf = (filter: AuditFilter, place: Place | undefined): QueryFilter<StoredRow> => {
  const { user_id, action, machine, result, from, to } = filter;
  const all: QueryFilter<StoredRow>[] = [
    ...(user_id === undefined ? [] : [{ $or: [{ 'actor.user_id': user_id }, { 'target.id': user_id }] }]),
    ...(action === undefined ? [] : [{ action }]),
    ...(machine === undefined ? [] : [{ agent_id: machine }]),
    ...(result === undefined ? [] : [{ result }]),
    ...(from === undefined ? [] : [{ at: trusted({ $gte: from }) }]),
    ...(to === undefined ? [] : [{ at: trusted({ $lt: to }) }]),
    ...(place === undefined ? [] : [below(place)]),
  ];
  return all.length === 0 ? {} : { $and: all };
};

const latestFirst = { at: -1, seq: -1 } as const;

/** Reads the log, latest first. */
export class AuditQuery {
  readonly #models: AuditModels;

  constructor(models: AuditModels) {
    this.#models = models;
  }

  /** `next_cursor` is null on the last page. @throws AppError invalid_input for an invalid cursor */
  async page(
    filter: AuditFilter,
    limit: number,
    cursor: string | undefined,
  ): Promise<{ events: AuditRow[]; next_cursor: string | null }> {
    const mark = listMark(listAudit.id, { ...filter });
    const place = cursor === undefined ? undefined : readCursor(cursor, mark);
    const found = await this.#models.rows
      .find(conditionsOf(filter, place))
      .sort(latestFirst)
      .limit(limit + 1)
      .lean<StoredRow[]>()
      .exec();
    const last = found.length > limit ? found[limit - 1] : undefined;
    return {
      events: found.slice(0, limit).map(viewOf),
      next_cursor: last === undefined ? null : writeCursor(last, mark),
    };
  }

  /** All matching rows, read from the database no faster than the consumer takes them. */
  async *all(filter: AuditFilter): AsyncGenerator<AuditRow> {
    const cursor = this.#models.rows
      .find(conditionsOf(filter, undefined))
      .sort(latestFirst)
      .lean<StoredRow[]>()
      .cursor({ batchSize: 500 });
    for await (const row of cursor) yield viewOf(row);
  }
}

/** The public part of a row: without the MAC and without the reference of the sign-in. */
const viewOf = (row: StoredRow): AuditRow => ({
  seq: row.seq,
  event_id: row.event_id,
  at: row.at.toISOString(),
  recorded_at: row.recorded_at.toISOString(),
  service: row.service,
  action: row.action,
  actor: {
    kind: row.actor.kind,
    user_id: row.actor.user_id,
    username: row.actor.username,
    verified: row.actor.verified,
  },
  target: row.target,
  agent_id: row.agent_id,
  session_id: row.session_id,
  address: row.address,
  user_agent: row.user_agent,
  result: row.result,
  reason: row.reason,
  request_id: row.request_id,
  count: row.count,
  details: AuditDetails.parse(JSON.parse(row.details)),
});
