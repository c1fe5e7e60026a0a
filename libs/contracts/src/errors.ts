/**
 * The list of all error codes. `status` is the HTTP status. services/terminal/src/websocket/close-codes.ts maps codes to WebSocket close
 * codes, services/agent-hub/src/agent-links/refusal.ts maps them to rejections of agents. `message` is the default sentence for a person;
 * code that raises the error should give a more exact one where it can.
 */
export const errorCatalog = {
  invalid_input: { status: 400, message: 'The request is not valid.' },
  bad_request: { status: 400, message: 'The request could not be understood.' },
  unauthenticated: {
    status: 401,
    message: 'Sign in first: the token is missing, expired, revoked or not ours.',
  },
  wrong_credentials: { status: 401, message: 'E-mail or password is wrong.' },
  second_factor_required: {
    status: 401,
    message: 'The password is right. Complete the sign-in with your second factor.',
  },
  bad_challenge: { status: 401, message: 'This sign-in took too long or is done already. Start again.' },
  wrong_code: { status: 401, message: 'The code is wrong, or was used already. Wait for the next one.' },
  wrong_passkey: {
    status: 401,
    message:
      'This passkey is not one of the account, or could not be verified. Use another one, or another way to sign in.',
  },
  no_passkeys: {
    status: 409,
    message: 'Passkeys need a host name: the public address of this installation is an IP address.',
  },
  provider_refused: { status: 401, message: 'The provider did not confirm this sign-in. Start again.' },
  not_linked: {
    status: 403,
    message:
      'No account here is linked with this sign-in. Sign in another way and link it on the Profile page, or ask an administrator for an account.',
  },
  bad_link: {
    status: 401,
    message:
      'This link was used, was replaced by a newer one, or is over its time. Ask an administrator for a new one.',
  },
  forbidden: { status: 403, message: 'You may not do this.' },
  step_up_required: {
    status: 403,
    message: 'Confirm this with your second factor first, then try again.',
  },
  second_factor_enrolment_required: {
    status: 403,
    message: 'This installation requires a second factor. Set one up on the web page; nothing else is allowed before.',
  },
  token_not_allowed: {
    status: 403,
    message: 'This access token may not do this.',
  },
  origin_not_allowed: {
    status: 403,
    message: 'This origin may not talk to this server.',
  },
  not_gateway: { status: 403, message: 'This port answers the gateway only.' },
  signup_closed: {
    status: 403,
    message: 'Sign-up is closed here: ask an administrator for an account.',
  },
  user_disabled: { status: 403, message: 'This account is disabled.' },
  view_only: {
    status: 403,
    message: 'You may see this machine but not open a terminal on it.',
  },
  linux_user_refused: {
    status: 403,
    message: 'You may not open a terminal as this Linux user.',
  },
  not_found: {
    status: 404,
    message: 'Nothing here by that name, or it is not yours.',
  },
  machine_not_found: {
    status: 404,
    message: 'No machine by that id, or you have no access to it.',
  },
  session_not_found: {
    status: 404,
    message: 'No terminal session by that id, or it is not yours.',
  },
  method_not_allowed: {
    status: 405,
    message: 'This path does not take that method.',
  },
  machines_left: {
    status: 409,
    message: 'This account owns machines: say whether they are handed over or removed.',
  },
  conflict: {
    status: 409,
    message: 'That conflicts with what is there already.',
  },
  email_taken: {
    status: 409,
    message: 'Another account uses this e-mail address.',
  },
  username_taken: {
    status: 409,
    message: 'Another account uses this username, or one that looks like it.',
  },
  machine_name_taken: {
    status: 409,
    message: 'You have another machine by that name.',
  },
  too_many_machines: {
    status: 409,
    message: 'This account has as many machines as one may have. Remove one first, or ask an administrator.',
  },
  machine_hosts_stack: {
    status: 409,
    message: 'This machine runs WebXTerm itself, and its shells could read all of it: it cannot be granted to others.',
  },
  no_update: { status: 409, message: 'There is no update for the agent of this machine.' },
  sharing_refused: { status: 409, message: 'This user does not accept machines that you share.' },
  payload_too_large: { status: 413, message: 'The request body is too large.' },
  uri_too_long: { status: 414, message: 'The address of the request is too long.' },
  unsupported_media_type: {
    status: 415,
    message: 'Send JSON, with content-type: application/json.',
  },
  expectation_failed: { status: 417, message: 'The only expectation taken is 100-continue.' },
  upgrade_required: {
    status: 426,
    message: 'This path is a WebSocket: connect with an upgrade, version 13.',
  },
  wrong_host: {
    status: 421,
    message: 'This server does not answer to that host name.',
  },
  request_timeout: { status: 408, message: 'The request did not arrive in time.' },
  headers_too_large: { status: 431, message: 'The headers of the request are too large.' },
  too_many_requests: {
    status: 429,
    message: 'Too many tries. Wait and try again.',
  },
  too_many_terminals: {
    status: 429,
    message: 'You have as many terminals open as you may. Close one and try again.',
  },
  too_many_sessions: {
    status: 429,
    message: 'There are as many sessions as there may be. End one and try again.',
  },
  internal: {
    status: 500,
    message: 'Something went wrong on our side. The request id helps to find it.',
  },
  unavailable: {
    status: 503,
    message: 'A part of the server is not reachable right now. Try again shortly.',
  },
  machine_offline: {
    status: 503,
    message: 'The machine is offline: its agent is not connected.',
  },
  too_many_commands: {
    status: 429,
    message: 'This machine runs as many commands for you as it may. Try again when one is done.',
  },
  run_not_found: { status: 404, message: 'No run by that id, or it is not yours.' },
  no_machines: { status: 409, message: 'There is no machine among these on which you may run commands.' },
  too_many_runs: {
    status: 429,
    message: 'You have as many runs as you may. Cancel one, or wait.',
  },
  command_not_run: { status: 503, message: 'The machine could not start the command.' },
  shell_not_started: { status: 503, message: 'The machine could not start a shell.' },
  recording_unavailable: {
    status: 503,
    message: 'This terminal must be recorded, and it cannot be recorded right now.',
  },
  recording_not_found: { status: 404, message: 'No recording by that id, or you may not play it.' },
  sharing_unavailable: {
    status: 409,
    message: 'The agent of this machine is too old to share terminals. Update the agent.',
  },
  share_not_found: {
    status: 404,
    message: 'This share does not exist, has ended, or is not for you. Ask the user who shared the terminal.',
  },
  file_not_found: { status: 404, message: 'There is nothing at this path.' },
  file_access_denied: { status: 403, message: 'The Linux user of this machine may not do this.' },
  not_a_folder: { status: 409, message: 'This path, or a part of it, is not a folder.' },
  not_a_file: { status: 409, message: 'This path is not a file.' },
  file_exists: { status: 409, message: 'There is already something at this path.' },
  folder_not_empty: { status: 409, message: 'The folder is not empty.' },
  file_busy: { status: 409, message: 'The file is in use. Try again later.' },
  file_system_read_only: { status: 409, message: 'The file system is read-only.' },
  file_failed: { status: 409, message: 'The machine could not do this with the file.' },
  file_changed: { status: 412, message: 'The file is not as the request expects it.' },
  name_too_long: { status: 400, message: 'A name in this path is longer than the file system allows.' },
  file_too_large: { status: 413, message: 'The file is larger than this server allows.' },
  length_required: { status: 411, message: 'Send the length of the file: content-length.' },
  range_not_satisfiable: { status: 416, message: 'The file has no such part.' },
  disk_full: { status: 507, message: 'The disk of the machine is full.' },
  quota_exceeded: { status: 507, message: 'The quota of the Linux user is used up.' },
  files_not_started: { status: 503, message: 'The machine could not start the helper for files.' },
  forward_refused: { status: 403, message: 'The agent of this machine does not forward to this address.' },
  forward_failed: { status: 409, message: 'The machine could not connect to this address.' },
  kind_not_supported: { status: 409, message: 'The machine has no sessions of this kind.' },
  too_many_shares: {
    status: 409,
    message: 'This terminal has as many shares as the limit allows. Revoke one first.',
  },
  too_many_enrolment_tokens: {
    status: 409,
    message: 'You have as many enrolment tokens as the limit allows. Revoke one first.',
  },
  too_many_access_tokens: {
    status: 409,
    message: 'You have as many access tokens as the limit allows. Revoke one first.',
  },
  enrolment_token_not_found: { status: 404, message: 'There is no such enrolment token, or it was revoked.' },
  bad_registration_token: {
    status: 401,
    message:
      'The registration token is not valid: it was used, or its time is over. Add the machine again for a new one.',
  },
  // Agent links only, never in an HTTP response of this product.
  machine_enrolled: {
    status: 409,
    message: 'This machine is in the list already. Remove it there first.',
  },
  bad_api_key: {
    status: 401,
    message: 'The API key is not valid. Take the current one from the Profile page and configure again.',
  },
  bad_credential: {
    status: 401,
    message: 'The machine credential is no longer valid. Configure the agent again with an API key.',
  },
  bad_signature: {
    status: 401,
    message: "The machine's signature does not match its key.",
  },
  machine_revoked: {
    status: 403,
    message: 'This machine was removed. Configure the agent again to enrol it anew.',
  },
  displaced: {
    status: 409,
    message: 'Another agent process holds this machine.',
  },
  protocol_unsupported: {
    status: 400,
    message: 'Agent and server have no protocol version in common. Update the older one.',
  },
  too_many_streams: { status: 429, message: 'Too many streams on this link.' },
} as const satisfies Record<string, { status: number; message: string }>;

export type ErrorCode = keyof typeof errorCatalog;

export const isErrorCode = (value: string): value is ErrorCode => Object.hasOwn(errorCatalog, value);
