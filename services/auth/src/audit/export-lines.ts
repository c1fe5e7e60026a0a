import type { AuditRow } from '@webxterm/contracts/rest';

const columns = [
  'seq',
  'at',
  'recorded_at',
  'service',
  'action',
  'result',
  'reason',
  'count',
  'actor_kind',
  'actor_user_id',
  'actor_username',
  'actor_verified',
  'target_type',
  'target_id',
  'target_name',
  'agent_id',
  'session_id',
  'address',
  'user_agent',
  'request_id',
  'details',
  'event_id',
] as const;

const fieldsOf = (row: AuditRow): Record<(typeof columns)[number], string | number | boolean | null> => {
  const { actor, target, details, ...rest } = row;
  return {
    ...rest,
    actor_kind: actor.kind,
    actor_user_id: actor.user_id,
    actor_username: actor.username,
    actor_verified: actor.verified,
    target_type: target?.type ?? null,
    target_id: target?.id ?? null,
    target_name: target?.name ?? null,
    details: JSON.stringify(details),
  };
};

/**
 * A cell that begins like this, even after white space, is a formula for spreadsheets (OWASP: CSV injection). An apostrophe before it makes
 * it text.
 */
const formula = /^\s*[=+\-@\t\r＝＋－＠]/u;

/** RFC 4180: always quoted, with quotes doubled. */
const cell = (value: string | number | boolean | null): string => {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = value ?? '';
  return `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
};

export const csvHeader = `${columns.join(',')}\r\n`;

export const csvLine = (row: AuditRow): string => {
  const fields = fieldsOf(row);
  return `${columns.map((column) => cell(fields[column])).join(',')}\r\n`;
};

export const ndjsonLine = (row: AuditRow): string => `${JSON.stringify(row)}\n`;
