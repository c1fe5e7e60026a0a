import { z } from 'zod';
import { AgentId, SessionId, Timestamp, UserId } from '../ids.ts';
import { defineRoute } from './route.ts';

/** Everything that is audited, and the one service whose business it is: an event of another service's is refused. */
export const auditActions = {
  signup: 'auth',
  login: 'auth',
  /** Wrong e-mail or password, or refused by the throttle. Counted: at most one row a minute for the same account and address. */
  login_failed: 'auth',
  token_refresh: 'auth',
  logout: 'auth',
  /** A sign-in ended in another way than by its own sign-out. */
  signin_ended: 'auth',
  password_changed: 'auth',
  api_key_regenerated: 'auth',
  setup_link_created: 'auth',
  reset_link_created: 'auth',
  /** A setup or reset link was used. */
  link_redeemed: 'auth',
  profile_updated: 'auth',
  avatar_updated: 'auth',
  /** Somebody deleted their own account. */
  account_left: 'auth',
  user_created: 'auth',
  role_changed: 'auth',
  user_disabled: 'auth',
  user_enabled: 'auth',
  user_deleted: 'auth',
  /** By whoever has a shell on the server. */
  operator_command: 'auth',
  audit_exported: 'auth',
  /** Rows older than the retention were deleted. */
  audit_expired: 'auth',
  /** A message on the audit stream was no event, or not that service's to tell. */
  audit_refused: 'auth',
  machine_added: 'agent-hub',
  machine_updated: 'agent-hub',
  machine_renamed: 'agent-hub',
  machine_removed: 'agent-hub',
  /** Another user owns it now. */
  machine_handed_over: 'agent-hub',
  /** A token was made by which another agent becomes this machine. */
  registration_token_created: 'agent-hub',
  /** An agent with another key became this machine by such a token. */
  machine_replaced: 'agent-hub',
  /** Another process with the machine's key took its place. */
  machine_displaced: 'agent-hub',
  /** Two agents that both live show the same key: a copied disk. */
  machine_cloned: 'agent-hub',
  access_granted: 'agent-hub',
  access_revoked: 'agent-hub',
  /** Somebody gave up access that they were granted. */
  access_left: 'agent-hub',
  /** Somebody refuses what this user shares, or takes it again. */
  sharing_blocked: 'agent-hub',
  sharing_unblocked: 'agent-hub',
  command_executed: 'agent-hub',
  terminal_opened: 'terminal',
  terminal_closed: 'terminal',
  terminal_denied: 'terminal',
} as const;

export type AuditAction = keyof typeof auditActions;
export type AuditService = (typeof auditActions)[AuditAction];

const isAction = (name: string): name is AuditAction => Object.hasOwn(auditActions, name);
const names = Object.keys(auditActions).filter(isAction);
/** All of them, in the order of the list above. */
export const auditActionNames: readonly AuditAction[] = names;
export const AuditAction = z
  .string()
  .refine(isAction, 'must be an audited action')
  .meta({ id: 'AuditAction', enum: names, override: { type: 'string', enum: names } });

/**
 * `ok` it was done; `denied` it was not allowed; `failed` it was tried and went wrong; `unknown`: the service ended in the middle
 * of it, so it may have been done or not.
 */
export const AuditResult = z.enum(['ok', 'denied', 'failed', 'unknown']);
export type AuditResult = z.infer<typeof AuditResult>;

export const AuditTargetType = z.enum(['user', 'signin', 'machine', 'session', 'audit']);
export type AuditTargetType = z.infer<typeof AuditTargetType>;

/** The longest of a name, a value, a user agent, in characters. What is longer is cut when the event is made. */
export const auditTextLimit = 256;
export const auditDetailsLimit = 16;
const Text = z.string().max(auditTextLimit);

/** 128 random bits as base64url without padding. */
export const AuditEventId = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

export const AuditDetails = z
  .record(z.string().max(64), z.union([Text, z.number(), z.boolean(), z.null()]))
  .refine((details) => Object.keys(details).length <= auditDetailsLimit, `must have ${auditDetailsLimit} or fewer`);
export type AuditDetails = z.infer<typeof AuditDetails>;

export const AuditTarget = z.object({ type: AuditTargetType, id: Text, name: Text });
export type AuditTarget = z.infer<typeof AuditTarget>;

/** What every event and every row says. */
export const auditFacts = {
  event_id: AuditEventId,
  /** When it happened, by the clock of the service. */
  at: Timestamp,
  action: AuditAction,
  target: AuditTarget.nullable(),
  agent_id: AgentId.nullable(),
  session_id: SessionId.nullable(),
  address: Text,
  user_agent: Text,
  result: AuditResult,
  /** An error code, or a word of the action's own. */
  reason: z.string().max(64).nullable(),
  request_id: z.string().max(128),
  /** How many of the same within the minute: only those that anybody may cause at any rate are counted. */
  count: z.number().int().min(1),
  details: AuditDetails,
};

/** A row of the audit log as administrators read it. */
export const AuditRow = z
  .object({
    /** Its place in the chain: rises by one from row to row, without a gap. */
    seq: z.number().int().min(1),
    ...auditFacts,
    service: z.enum(['auth', 'agent-hub', 'terminal']),
    actor: z.object({
      kind: z.enum(['user', 'api_key', 'operator', 'service', 'nobody']),
      user_id: UserId.nullable(),
      username: z.string(),
      verified: z.boolean().meta({
        description: 'False when only the service says so: it could not show that this user signed in through it.',
      }),
    }),
    recorded_at: Timestamp,
  })
  .meta({ id: 'AuditRow' });
export type AuditRow = z.infer<typeof AuditRow>;

/** A time with its offset, as a Date. */
export const Moment = z.iso
  .datetime({ offset: true, error: 'must be like 2026-11-25T10:00:00Z or with an offset such as +01:00' })
  .transform((text) => new Date(text))
  .meta({ override: { type: 'string', format: 'date-time' } });

const filters = {
  user_id: UserId.optional().meta({ description: 'Who did it, or to whose account it was done.' }),
  action: AuditAction.optional(),
  machine: AgentId.optional().meta({ description: 'The agent_id of the machine.' }),
  result: AuditResult.optional(),
  from: Moment.optional().meta({ description: 'At this time or later. An offset is required.' }),
  to: Moment.optional().meta({ description: 'Before this time. An offset is required.' }),
};

export const listAudit = defineRoute({
  id: 'listAudit',
  owner: 'auth',
  method: 'get',
  path: '/api/audit',
  access: 'admin',
  summary: 'Who did what, on what, from where: the latest first',
  description: 'Take `next_cursor` of one answer as `cursor` of the next request; it is null on the last page.',
  query: z.strictObject({
    ...filters,
    cursor: z
      .string()
      .regex(/^[0-9a-z]{1,12}-[0-9a-z]{1,12}$/, 'must be a next_cursor of this list')
      .optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  success: { status: 200, schema: z.object({ events: z.array(AuditRow), next_cursor: z.string().nullable() }) },
});

const exportQuery = z.strictObject(filters);
const exportErrors = ['too_many_requests'] as const;

export const exportAuditCsv = defineRoute({
  id: 'exportAuditCsv',
  owner: 'auth',
  method: 'get',
  path: '/api/audit/export.csv',
  access: 'admin',
  summary: 'The audit log as CSV, the latest first',
  description:
    'Cells that a spreadsheet would run as a formula begin with an apostrophe. The download itself is audited.',
  query: exportQuery,
  success: { status: 200, stream: 'text/csv' },
  errors: exportErrors,
});

export const exportAuditNdjson = defineRoute({
  id: 'exportAuditNdjson',
  owner: 'auth',
  method: 'get',
  path: '/api/audit/export.ndjson',
  access: 'admin',
  summary: 'The audit log as one JSON object a line, the latest first',
  description: 'The download itself is audited.',
  query: exportQuery,
  success: { status: 200, stream: 'application/x-ndjson' },
  errors: exportErrors,
});

export const auditRoutes = [listAudit, exportAuditCsv, exportAuditNdjson] as const;
