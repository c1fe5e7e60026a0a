import { accessRoutes } from './access.ts';
import { accessTokenRoutes } from './access-tokens.ts';
import { accountRoutes } from './accounts.ts';
import { auditRoutes } from './audit.ts';
import { commandRoutes } from './commands.ts';
import { dashboardRoutes } from './dashboard.ts';
import { enrolmentTokenRoutes } from './enrolment-tokens.ts';
import { fileRoutes } from './files.ts';
import { gatewayRoutes } from './gateway.ts';
import { groupRoutes } from './groups.ts';
import { machineRoutes } from './machines.ts';
import { oidcRoutes } from './oidc.ts';
import { passkeyRoutes } from './passkeys.ts';
import { preferenceRoutes } from './preferences.ts';
import { profileRoutes } from './profile.ts';
import { programLoginRoutes } from './program-logins.ts';
import { recordingRoutes } from './recordings.ts';
import type { Route } from './route.ts';
import { runRoutes } from './runs.ts';
import { secondFactorRoutes } from './second-factors.ts';
import { sessionLimitRoutes } from './session-limits.ts';
import { linkRoutes } from './setup-links.ts';
import { shareRoutes } from './shares.ts';
import { signinRoutes } from './signins.ts';
import { teamGrantRoutes } from './team-grants.ts';
import { terminalRoutes } from './terminals.ts';
import { updateRoutes } from './updates.ts';
import { userRoutes } from './users.ts';
import { workspaceRoutes } from './workspace.ts';

export * from '../ids.ts';
export * from './access.ts';
export * from './access-tokens.ts';
export * from './accounts.ts';
export * from './audit.ts';
export * from './commands.ts';
export * from './dashboard.ts';
export * from './enrolment-tokens.ts';
export * from './error-codes.ts';
export * from './files.ts';
export * from './gateway.ts';
export * from './groups.ts';
export * from './install-progress.ts';
export * from './machine-labels.ts';
export * from './machines.ts';
export * from './oidc.ts';
export * from './pages.ts';
export * from './passkeys.ts';
export * from './preferences.ts';
export * from './profile.ts';
export * from './program-logins.ts';
export * from './recordings.ts';
export * from './route.ts';
export * from './runs.ts';
export * from './second-factors.ts';
export * from './session-limits.ts';
export * from './setup-links.ts';
export * from './shares.ts';
export * from './signins.ts';
export * from './team-grants.ts';
export * from './terminals.ts';
export * from './update-state.ts';
export * from './updates.ts';
export * from './users.ts';
export * from './workspace.ts';

/** All REST routes. The gateway forwards only these, and OpenAPI lists them. */
export const allRoutes: readonly Route[] = [
  ...accountRoutes,
  ...signinRoutes,
  ...userRoutes,
  ...linkRoutes,
  ...secondFactorRoutes,
  ...passkeyRoutes,
  ...oidcRoutes,
  ...accessTokenRoutes,
  ...programLoginRoutes,
  ...profileRoutes,
  ...preferenceRoutes,
  ...workspaceRoutes,
  ...auditRoutes,
  ...machineRoutes,
  ...enrolmentTokenRoutes,
  ...updateRoutes,
  ...sessionLimitRoutes,
  ...accessRoutes,
  ...groupRoutes,
  ...teamGrantRoutes,
  ...commandRoutes,
  ...runRoutes,
  ...dashboardRoutes,
  ...terminalRoutes,
  ...shareRoutes,
  ...recordingRoutes,
  ...fileRoutes,
  ...gatewayRoutes,
];
