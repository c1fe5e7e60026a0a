import { z } from 'zod';
import { AgentId, SessionId, Timestamp, UserId } from '../ids.ts';
import { defineRoute } from './route.ts';

/** All audited actions, each with the only service that may report it. The event of another service is rejected. */
export const auditActions = {
  signup: 'auth',
  login: 'auth',
  /** Wrong e-mail or password, or rejected by the throttle. Counted: at most one row a minute for each account and address. */
  login_failed: 'auth',
  token_refresh: 'auth',
  logout: 'auth',
  /** A sign-in ended by other means than its own sign-out. */
  signin_ended: 'auth',
  password_changed: 'auth',
  api_key_regenerated: 'auth',
  setup_link_created: 'auth',
  reset_link_created: 'auth',
  /** A setup or reset link was used. */
  link_redeemed: 'auth',
  second_factor_added: 'auth',
  second_factor_removed: 'auth',
  /** An administrator or operator removed all second factors of a user. */
  second_factor_reset: 'auth',
  recovery_codes_renewed: 'auth',
  passkey_renamed: 'auth',
  /** A sign-in at a provider was linked with an account, or unlinked. */
  identity_linked: 'auth',
  identity_unlinked: 'auth',
  second_factor_policy_changed: 'auth',
  /** A signed-in user confirmed a sign-in with a second factor again, or failed to. */
  step_up: 'auth',
  access_token_created: 'auth',
  access_token_revoked: 'auth',
  /** A token was used after its end or from an address that it does not allow. Counted. */
  access_token_refused: 'auth',
  /** A token was used from an address that it was not used from before. */
  access_token_new_address: 'auth',
  profile_updated: 'auth',
  avatar_updated: 'auth',
  /** A user deleted their own account. */
  account_left: 'auth',
  user_created: 'auth',
  role_changed: 'auth',
  user_disabled: 'auth',
  user_enabled: 'auth',
  user_deleted: 'auth',
  /** A command of a person with a shell on the server. */
  operator_command: 'auth',
  audit_exported: 'auth',
  /** Rows older than the retention were deleted. */
  audit_expired: 'auth',
  /** A message on the audit stream was not a valid event, or its service may not report the action. */
  audit_refused: 'auth',
  machine_added: 'agent-hub',
  machine_updated: 'agent-hub',
  machine_renamed: 'agent-hub',
  machine_removed: 'agent-hub',
  /** The machine has a new owner. */
  machine_handed_over: 'agent-hub',
  /** A token was created with which another agent can take over this machine. */
  registration_token_created: 'agent-hub',
  /** A token was created with which several machines enrol. */
  enrolment_token_created: 'agent-hub',
  enrolment_token_revoked: 'agent-hub',
  /** An agent with another key took over this machine with such a token. */
  machine_replaced: 'agent-hub',
  /** Another process with the machine's key replaced the link. */
  machine_displaced: 'agent-hub',
  /** Two running agents use the same key, because a disk was copied. */
  machine_cloned: 'agent-hub',
  agent_update_requested: 'agent-hub',
  /** An agent was updated by order of the hub, or the new version failed and the agent runs the one before. */
  agent_updated: 'agent-hub',
  agent_update_failed: 'agent-hub',
  agent_updates_paused: 'agent-hub',
  agent_updates_resumed: 'agent-hub',
  /** A roll-out ended by itself because too many machines failed. */
  agent_updates_stopped: 'agent-hub',
  /** An administrator changed how long terminals may be unused. */
  session_limits_changed: 'agent-hub',
  access_granted: 'agent-hub',
  access_revoked: 'agent-hub',
  /** A grant on a tag of the machines of one owner. */
  tag_access_granted: 'agent-hub',
  tag_access_revoked: 'agent-hub',
  group_created: 'agent-hub',
  group_updated: 'agent-hub',
  group_deleted: 'agent-hub',
  group_member_added: 'agent-hub',
  group_member_removed: 'agent-hub',
  /** A user gave up access that they had been granted. */
  access_left: 'agent-hub',
  /** A user blocks shares of this user, or allows them again. */
  sharing_blocked: 'agent-hub',
  sharing_unblocked: 'agent-hub',
  command_executed: 'agent-hub',
  /** A run of a command on many machines began, was cancelled or stopped by itself, or ended. */
  run_started: 'agent-hub',
  run_cancelled: 'agent-hub',
  run_ended: 'agent-hub',
  /** The command of a run was sent to one of its machines. The row of `run_started` with this `details.run_id` has the command. */
  run_command_sent: 'agent-hub',
  /** Inside an ssh connection: a shell or a command was started, an sftp session began, a file was transferred or changed, a connection was forwarded. */
  ssh_shell: 'agent-hub',
  ssh_command: 'agent-hub',
  ssh_sftp: 'agent-hub',
  ssh_file_read: 'agent-hub',
  ssh_file_written: 'agent-hub',
  ssh_file_changed: 'agent-hub',
  ssh_forward: 'agent-hub',
  terminal_opened: 'terminal',
  terminal_closed: 'terminal',
  terminal_denied: 'terminal',
  /** A terminal was shared with a user or by a link. */
  share_created: 'terminal',
  share_revoked: 'terminal',
  /** A user used the link of a shared terminal. Wrong links are counted. */
  share_redeemed: 'terminal',
  /** A guest attached to a shared terminal, or left it. */
  share_joined: 'terminal',
  share_left: 'terminal',
  /** A guest typed in a shared terminal, from when to when. */
  share_typed: 'terminal',
  /** A user looks on a terminal of another user by the right `watch`. */
  terminal_watched: 'terminal',
  /** The recording of a terminal began, or ended with the head of its hash chain. */
  recording_began: 'terminal',
  recording_ended: 'terminal',
  /** Output of a recorded terminal could not be recorded. */
  recording_gap: 'terminal',
  recording_played: 'terminal',
  /** A search showed lines of a recording. */
  recording_searched: 'terminal',
  recording_downloaded: 'terminal',
  recording_deleted: 'terminal',
  /** A recording was deleted because of the limits of days or bytes. */
  recording_expired: 'terminal',
  /** An administrator put a recording on hold, or released it. */
  recording_hold_changed: 'terminal',
  recording_policy_changed: 'terminal',
  file_downloaded: 'terminal',
  folder_downloaded: 'terminal',
  file_uploaded: 'terminal',
  folder_created: 'terminal',
  file_renamed: 'terminal',
  file_copied: 'terminal',
  file_mode_changed: 'terminal',
  file_removed: 'terminal',
  /** A TCP connection to an address that a machine reaches was opened, refused or continued. Refused ones are counted. */
  forward_opened: 'terminal',
  /** Such a connection ended, or its client left. */
  forward_ended: 'terminal',
  /** A connection to the ssh server of an agent was opened, refused or continued. Refused ones are counted. */
  ssh_opened: 'terminal',
  /** Such a connection ended, or its client left. */
  ssh_ended: 'terminal',
} as const;

/**
 * `details.by` of `machine_removed` when the agent of the machine was uninstalled. The actor is `service`, because the hub acts for the
 * agent, and because an auth service of an earlier version knows no other kind.
 */
export const auditByAgent = 'agent_uninstalled';

export type AuditAction = keyof typeof auditActions;
export type AuditService = (typeof auditActions)[AuditAction];

const isAction = (name: string): name is AuditAction => Object.hasOwn(auditActions, name);
const names = Object.keys(auditActions).filter(isAction);
/** All audited actions, in the order of the list above. */
export const auditActionNames: readonly AuditAction[] = names;
export const AuditAction = z
  .string()
  .refine(isAction, 'must be an audited action')
  .meta({ id: 'AuditAction', enum: names, override: { type: 'string', enum: names } });

/**
 * `ok`: done. `denied`: not allowed. `failed`: tried, with an error. `unknown`: the service stopped during the action, so it may or may not
 * be done.
 */
export const AuditResult = z.enum(['ok', 'denied', 'failed', 'unknown']);
export type AuditResult = z.infer<typeof AuditResult>;

export const AuditTargetType = z.enum([
  'user',
  'signin',
  'access_token',
  'machine',
  'session',
  'audit',
  'run',
  'group',
]);
export type AuditTargetType = z.infer<typeof AuditTargetType>;

/** Longest name, value or user agent, in characters. Longer texts are cut when the event is created. */
export const auditTextLimit = 256;
export const auditDetailsLimit = 16;
const Text = z.string().max(auditTextLimit);

/** 128 random bits as base64url without padding. */
export const AuditEventId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22}$/)
  .meta({ example: 'rihzT2t0etpbLhgc9pgvKA' });

export const AuditDetails = z
  .record(z.string().max(64), z.union([Text, z.number(), z.boolean(), z.null()]))
  .refine((details) => Object.keys(details).length <= auditDetailsLimit, `must have ${auditDetailsLimit} or fewer`);
export type AuditDetails = z.infer<typeof AuditDetails>;

export const AuditTarget = z.object({ type: AuditTargetType, id: Text, name: Text });
export type AuditTarget = z.infer<typeof AuditTarget>;

/** Fields of every event and every row. */
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
  /** An error code, or a reason specific to the action. */
  reason: z.string().max(64).nullable(),
  request_id: z.string().max(128),
  /** Number of equal events within the minute. Only actions that any client can cause at any rate are counted. */
  count: z.number().int().min(1),
  details: AuditDetails,
};

/** A row of the audit log as administrators read it. */
export const AuditRow = z
  .object({
    /** Position in the chain. Increases by one from row to row, without gaps. */
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

/** A time with its UTC offset, parsed to a Date. */
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
  summary: 'Rows of the audit log, the latest first',
  description:
    'Take `next_cursor` of one answer as `cursor` of the next request with the same filters; it is null on the last page.',
  query: z.strictObject({
    ...filters,
    cursor: z
      .string()
      .regex(/^[0-9a-z]{1,12}-[0-9a-z]{1,12}(-[0-9a-f]{12})?$/, 'must be a next_cursor of this list')
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
