import { wireAccess } from './access/wiring.ts';
import { wireAgentService } from './agent-links/service-wiring.ts';
import { wireLinks } from './agent-links/wiring.ts';
import { wireHubService } from './attachments/service-wiring.ts';
import { wireAttachments } from './attachments/wiring.ts';
import { wireCommands } from './commands/wiring.ts';
import type { Core } from './core.ts';
import { wireDashboard } from './dashboard/wiring.ts';
import { wireEnrolment } from './enrolment/wiring.ts';
import { wireMachines } from './machines/wiring.ts';
import { wirePresence } from './presence/wiring.ts';
import { wireRuns } from './runs/wiring.ts';
import { wireSessionLimits } from './session-limits/wiring.ts';
import { wireUpdates } from './updates/wiring.ts';

/** The parts of a hub, before any of them is started. */
export type Parts = ReturnType<typeof wireDomains>;

/** Builds the domains in the order of their dependencies. Each folder has its own `wiring.ts`. */
export const wireDomains = (core: Core) => {
  const withLinks = { ...core, ...wireLinks(core) };
  const linked = {
    ...withLinks,
    ...wireAttachments(withLinks),
    ...wirePresence(withLinks),
    ...wireCommands(withLinks),
    ...wireSessionLimits(core),
  };
  const accessed = { ...linked, ...wireAccess(linked), ...wireUpdates(linked) };
  const withAccess = { ...accessed, ...wireRuns(accessed) };
  const withEnrolment = { ...withAccess, ...wireEnrolment(withAccess) };
  const parts = { ...withEnrolment, ...wireMachines(withEnrolment) };
  return { ...parts, ...wireDashboard(parts), ...wireHubService(parts), ...wireAgentService(parts) };
};
