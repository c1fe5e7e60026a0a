import { type AuditAction, type AuditResult, type AuditRow, auditByAgent } from '@webxterm/contracts/rest';
import { shownName } from '../files/file-names.ts';

/** The text for an action, such as "Signed in". */
export const actionPhrase: Readonly<Record<AuditAction, string>> = {
  signup: 'Signed up',
  login: 'Signed in',
  login_failed: 'Failed to sign in',
  token_refresh: 'Renewed a token',
  logout: 'Signed out',
  signin_ended: 'Sign-in ended',
  password_changed: 'Changed the password',
  api_key_regenerated: 'Replaced the API key',
  setup_link_created: 'Created a setup link',
  reset_link_created: 'Created a reset link',
  link_redeemed: 'Used a link',
  second_factor_added: 'Set up a second factor',
  second_factor_removed: 'Removed a second factor',
  second_factor_reset: 'Removed all second factors of a user',
  recovery_codes_renewed: 'Replaced the recovery codes',
  passkey_renamed: 'Renamed a passkey',
  identity_linked: 'Linked a sign-in at a provider',
  identity_unlinked: 'Unlinked a sign-in at a provider',
  session_limits_changed: 'Changed how long terminals may be unused',
  second_factor_policy_changed: 'Changed who must have a second factor',
  step_up: 'Confirmed with the second factor',
  access_token_created: 'Created an access token',
  access_token_revoked: 'Revoked an access token',
  access_token_refused: 'Access token refused',
  access_token_new_address: 'Access token used from a new address',
  profile_updated: 'Changed the profile',
  avatar_updated: 'Changed the picture',
  account_left: 'Deleted their own account',
  user_created: 'Created a user',
  role_changed: 'Changed a role',
  user_disabled: 'Disabled a user',
  user_enabled: 'Enabled a user',
  user_deleted: 'Deleted a user',
  operator_command: 'Ran an operator command',
  audit_exported: 'Downloaded the audit log',
  audit_expired: 'Old audit rows deleted',
  audit_refused: 'Audit message refused',
  machine_added: 'Added a machine',
  machine_updated: 'Changed a machine',
  machine_renamed: 'Renamed a machine',
  machine_removed: 'Removed a machine',
  machine_handed_over: 'Handed a machine over',
  registration_token_created: 'Created a token to reinstall a machine',
  enrolment_token_created: 'Created an enrolment token',
  enrolment_token_revoked: 'Revoked an enrolment token',
  machine_replaced: 'Agent replaced',
  machine_displaced: 'Agent displaced',
  machine_cloned: 'Copied machine key',
  agent_update_requested: 'Requested an agent update',
  agent_updated: 'Agent updated',
  agent_update_failed: 'Agent update failed',
  agent_updates_paused: 'Paused agent updates',
  agent_updates_resumed: 'Resumed agent updates',
  agent_updates_stopped: 'Agent updates stopped',
  access_granted: 'Granted access',
  access_revoked: 'Removed access',
  tag_access_granted: 'Granted access by a tag',
  tag_access_revoked: 'Removed access by a tag',
  group_created: 'Created a group',
  group_updated: 'Changed a group',
  group_deleted: 'Deleted a group',
  group_member_added: 'Added a user to a group',
  group_member_removed: 'Removed a user from a group',
  access_left: 'Left a machine',
  sharing_blocked: 'Blocked shares of a user',
  sharing_unblocked: 'Unblocked shares of a user',
  command_executed: 'Ran a command',
  run_started: 'Started a run',
  run_cancelled: 'Run stopped',
  run_ended: 'Run ended',
  run_command_sent: 'Ran a command of a run',
  terminal_opened: 'Opened a terminal',
  terminal_closed: 'Terminal closed',
  terminal_denied: 'Terminal denied',
  share_created: 'Shared a terminal',
  share_revoked: 'Ended a share of a terminal',
  share_redeemed: 'Used a link to a terminal',
  share_joined: 'Joined a shared terminal',
  share_left: 'Left a shared terminal',
  share_typed: 'Typed in a shared terminal',
  terminal_watched: 'Watched a terminal',
  recording_began: 'Recording began',
  recording_ended: 'Recording ended',
  recording_gap: 'Output not recorded',
  recording_played: 'Played a recording',
  recording_searched: 'Found lines of a recording',
  recording_downloaded: 'Downloaded a recording',
  recording_deleted: 'Deleted a recording',
  recording_expired: 'Recording expired',
  recording_hold_changed: 'Changed the hold of a recording',
  file_downloaded: 'Downloaded a file',
  folder_downloaded: 'Downloaded a folder',
  file_uploaded: 'Uploaded a file',
  folder_created: 'Created a folder',
  file_renamed: 'Renamed a file',
  file_copied: 'Copied a file',
  file_mode_changed: 'Changed the permissions of a file',
  file_removed: 'Deleted a file',
  forward_opened: 'Opened a forwarded connection',
  forward_ended: 'Forwarded connection ended',
  ssh_opened: 'Opened an ssh connection',
  ssh_ended: 'ssh connection ended',
  ssh_shell: 'Opened a shell by ssh',
  ssh_command: 'Ran a command by ssh',
  ssh_sftp: 'Began an sftp session',
  ssh_file_read: 'Downloaded a file by ssh',
  ssh_file_written: 'Uploaded a file by ssh',
  ssh_file_changed: 'Changed a file by ssh',
  ssh_forward: 'Opened a forwarded connection by ssh',
  recording_policy_changed: 'Changed a recording policy',
};

export const resultPhrase: Readonly<Record<AuditResult, string>> = {
  ok: 'Done',
  denied: 'Denied',
  failed: 'Failed',
  unknown: 'Unknown',
};

export const resultColor: Readonly<Record<AuditResult, string>> = {
  ok: 'green',
  denied: 'red',
  failed: 'yellow',
  unknown: 'gray',
};

/** The name of the actor. */
export const actorName = ({ actor, service, details }: AuditRow): string => {
  if (details.by === auditByAgent) return "The machine's agent (uninstalled)";
  if (actor.kind === 'nobody') return 'Nobody signed in';
  if (actor.kind === 'service') return `WebXTerm (${service})`;
  if (actor.kind === 'operator') return `${actor.username} (on the server)`;
  return actor.username === '' ? 'A deleted user' : actor.username;
};

/** The name of the target. Undefined if it is the actor. */
export const targetName = ({ target, actor }: AuditRow): string | undefined => {
  if (target === null || target.name === '') return undefined;
  const themselves = target.type === 'user' ? target.id === actor.user_id : target.name === actor.username;
  return themselves && target.type !== 'machine' ? undefined : target.name;
};

/** Actions that are about a session on a machine. */
const aboutSessions: readonly AuditAction[] = [
  'terminal_opened',
  'terminal_closed',
  'terminal_denied',
  'share_created',
  'share_revoked',
  'share_redeemed',
  'share_joined',
  'share_left',
  'share_typed',
  'terminal_watched',
  'recording_began',
  'recording_ended',
  'recording_gap',
  'recording_played',
  'recording_searched',
  'recording_downloaded',
  'recording_deleted',
  'recording_expired',
  'recording_hold_changed',
  'ssh_opened',
  'ssh_ended',
];

/** Actions that are about a file on a machine. */
const aboutFiles: readonly AuditAction[] = [
  'file_downloaded',
  'folder_downloaded',
  'file_uploaded',
  'folder_created',
  'file_renamed',
  'file_copied',
  'file_mode_changed',
  'file_removed',
  'ssh_file_read',
  'ssh_file_written',
  'ssh_file_changed',
];

/** Actions that are about a forwarded connection. */
const aboutForwards: readonly AuditAction[] = ['forward_opened', 'forward_ended', 'ssh_forward'];

/** Whether the row's line should name its machine: it is about one, and the target is not the machine itself. */
export const namesMachine = ({ action, agent_id, target }: AuditRow): boolean =>
  agent_id !== null &&
  target?.type !== 'machine' &&
  (aboutSessions.includes(action) ||
    aboutFiles.includes(action) ||
    aboutForwards.includes(action) ||
    action === 'command_executed');

/** The command, the path or the target of a row. Undefined: it is about none. */
export const subjectOf = ({ action, details: { command, path, to, target } }: AuditRow): string | undefined => {
  if (aboutForwards.includes(action)) return typeof target === 'string' ? target : undefined;
  if (!aboutFiles.includes(action)) return typeof command === 'string' ? command : undefined;
  if (typeof path !== 'string') return undefined;
  return shownName(typeof to === 'string' ? `${path} → ${to}` : path);
};

/** How a command ended, if it failed. */
const failureOf = ({ details }: AuditRow): string | undefined => {
  if (details.timed_out === true) return 'Timed out';
  if (typeof details.signal === 'string' && details.signal !== '') return details.signal;
  return typeof details.exit_code === 'number' && details.exit_code !== 0 ? `Exit ${details.exit_code}` : undefined;
};

/** The result of a row: that of the action, and of a command how it ended. */
export const outcomeOf = (row: AuditRow): { text: string; color: string } => {
  if (row.action === 'terminal_closed' && row.reason === 'idle_timeout') return { text: 'Not used', color: 'gray' };
  const failure = row.action === 'command_executed' && row.result === 'ok' ? failureOf(row) : undefined;
  return failure === undefined
    ? { text: resultPhrase[row.result], color: resultColor[row.result] }
    : { text: failure, color: 'yellow' };
};

/** The facts of a row that its line does not show, by name. */
export const moreFacts = (row: AuditRow): [name: string, value: string][] => {
  const facts: [string, string | number | boolean | null][] = [
    ['Row', row.seq],
    ['Recorded', row.recorded_at],
    ['Reason', row.reason],
    ['Times', row.count > 1 ? row.count : null],
    ['Target', row.target === null ? null : `${row.target.type} ${row.target.id}`],
    ['Machine', row.agent_id],
    ['Session', row.session_id],
    ['User agent', row.user_agent],
    ['Request', row.request_id],
    ...Object.entries(row.details),
  ];
  return facts.flatMap(([name, value]): [string, string][] =>
    value === null || value === '' ? [] : [[name, String(value)]],
  );
};
