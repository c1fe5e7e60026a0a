import { adminScopes, TokenScope, tokenRules } from '@webxterm/contracts/token-scopes';

/** The text of a scope: the actions that it allows. */
export const scopeText: Readonly<Record<TokenScope, string>> = {
  see: 'See machines, their load and their status',
  open: 'Open terminals, and end them',
  command: 'Run commands',
  files_read: 'Read files',
  files_write: 'Write files',
  forward: 'Forward ports',
  watch: 'Watch the terminals of others',
  record_play: 'Play recordings',
  manage: 'Change, share and remove machines, and end the sessions of all users on them',
  'account:read': 'Read your profile, without the API key',
  'machines:add': 'Add machines, and create enrolment tokens',
  'audit:read': 'Read the audit log',
  'updates:manage': 'Pause and resume the updates of agents',
};

/**
 * Scopes that a route asks for. `createTicket` asks for `watch` itself, for the session of another user, and the WebSocket of a forwarded
 * connection for `forward`. A route that every token can call asks for none.
 */
const used: ReadonlySet<TokenScope> = new Set([
  ...Object.values(tokenRules)
    .filter((scopes) => scopes.length < TokenScope.options.length)
    .flat(),
  'watch',
  'forward',
]);

/** The scopes that the user can choose. */
export const scopeChoices = (isAdmin: boolean): readonly TokenScope[] =>
  TokenScope.options.filter((scope) => used.has(scope) && (isAdmin || !adminScopes.includes(scope)));
