import { Health, type ServiceContext, serveHealth } from '@webxterm/shared';
import { Api } from '@webxterm/shared/api';
import { wireAttachments } from './attachment/wiring.ts';
import { type Core, openCore } from './core.ts';
import { wireFiles } from './files/wiring.ts';
import { wireForwards } from './forwards/wiring.ts';
import { openCertificates } from './hub-client/certificates.ts';
import { wireHubClient } from './hub-client/wiring.ts';
import { wireRecordings } from './recordings/wiring.ts';
import { wireSessions } from './sessions/wiring.ts';
import type { TerminalSettings } from './settings.ts';
import { wireSharing } from './sharing/wiring.ts';
import { wireTickets } from './tickets/wiring.ts';
import { Denials } from './websocket/denials.ts';
import { Upgrades } from './websocket/upgrade.ts';

/** Builds and starts the service. Resolves once it is ready. */
export const startTerminal = async (
  settings: TerminalSettings,
  context: ServiceContext & { readonly now?: () => number },
): Promise<void> => {
  const { logger, shutdown } = context;
  const health = new Health('terminal');
  health.set('signins', false, 'the allow-list is not complete yet');
  // First, so that a problem with the certificates is reported without waiting for other services.
  const certificates = openCertificates(settings, health.metrics, logger);
  await serveHealth(settings, health, shutdown);
  const core = await openCore(settings, health, context);
  const parts = wireDomains(core, certificates);

  parts.startCounts();
  parts.startSessions();
  parts.startRecordings();
  parts.startSharing();
  const api = new Api(core);
  parts.mountSessions(api, parts.policies);
  parts.mountRecordings(api);
  parts.mountSharing(api);
  parts.mountFiles(api);
  const server = await api.listen(settings.HTTP_HOST, settings.HTTP_PORT, shutdown);
  parts.upgrades.listen(server);
  shutdown.add('listeners', 'terminals', () => {
    for (const open of [parts.terminals, parts.forwardSlots]) open.endAll('moving');
  });
  // Before the channels to the hubs are closed.
  shutdown.add('clients', 'recordings', () => parts.stopRecordings());
  shutdown.add('work', 'session events', () => parts.stopSessions());
  shutdown.add('work', 'shares', () => parts.stopSharing());
  shutdown.add('work', 'hub channels', () => {
    parts.stopCounts();
    core.allowList.stop();
    core.presence.stop();
    parts.channels.close();
  });

  health.set('signins', true);
  health.markReady();
  logger.info({ port: settings.HTTP_PORT }, 'terminal is ready');
};

/** Builds the domains in the order of their dependencies. Each folder has its own `wiring.ts`. */
const wireDomains = (core: Core, certificates: ReturnType<typeof openCertificates>) => {
  const denials = new Denials(core.auditor);
  const base = { ...core, denials, ...wireHubClient(core, certificates), ...wireTickets(core) };
  const attachments = wireAttachments(base);
  const sessions = wireSessions(base);
  const recordings = wireRecordings({ ...base, ...attachments, ...sessions });
  const sharing = wireSharing({ ...base, ...sessions });
  const files = wireFiles({ ...base, ...attachments, ...sessions });
  const upgrades = new Upgrades({
    ...base,
    store: sessions.store,
    ...recordings,
    ...sharing,
    ...wireForwards({ ...base, ...attachments }),
    context: { ...base, ...attachments, attach: recordings.attach, ledger: sessions.ledger },
  });
  return { ...attachments, ...sessions, ...recordings, ...sharing, ...files, channels: base.channels, upgrades };
};
