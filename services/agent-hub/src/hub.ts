import { Health, type Shutdown, serveHealth } from '@webxterm/shared';
import { Api } from '@webxterm/shared/api';
import { agentServiceDefinition } from './agent-links/agent-service.ts';
import { hubServiceDefinition } from './attachments/grpc.ts';
import { openCertificates } from './certificates.ts';
import { type HubContext, openCore } from './core.ts';
import { createGrpcServer, credentialsFor } from './grpc-server/server.ts';
import { measure } from './measure.ts';
import { type Parts, wireDomains } from './parts.ts';
import type { Lease } from './presence/lease.ts';
import { wireReactions, wireReconnect } from './reactions.ts';
import type { HubSettings } from './settings.ts';

/** When this hub shuts down, idle agents spread their dials over this time. */
const redialJitterMs = 2000;
/** A connection of an agent is closed after this time without a stream. */
const idleConnectionMs = 30_000;

/** Starts a hub. It is ready once the database and bus are connected, sign-ins, replaced keys and presence are loaded, and all ports are open. */
export const startHub = async (settings: HubSettings, context: HubContext): Promise<void> => {
  const { logger, shutdown } = context;
  const health = new Health('agent-hub');
  // First, so that a problem with the certificates is reported without waiting for other services.
  const certificates = openCertificates(settings, health.metrics, logger);
  await serveHealth(settings, health, shutdown);
  const parts = wireDomains(await openCore(settings, health, context));
  measure(health.metrics, {
    unproven: () => parts.agentPort.unproven,
    links: () => parts.links.size,
    attachments: () => parts.attachments.size,
    runs: () => parts.runs.engine.leading,
    signinsStale: () => parts.allowList.isStale(),
  });
  health.metrics.registerMetric(parts.endedUpdates);
  health.metrics.registerMetric(parts.endedTargets);
  wireReactions(parts);

  startParts(parts);
  parts.auditor.measure(health.metrics);
  parts.auditor.start(shutdown);
  const internalServer = createGrpcServer();
  internalServer.addService(hubServiceDefinition, parts.hubService);
  const internalAt = { host: settings.INTERNAL_GRPC_HOST, port: settings.INTERNAL_GRPC_PORT, setting: 'INTERNAL_GRPC' };
  await parts.internalPort.listen(internalServer, internalAt, credentialsFor(certificates.internal));
  const lease = await parts.startLease();
  await loadParts(parts, health);
  wireReconnect(parts, lease);
  parts.answerMachines();
  parts.dispatch.answerOthers();
  parts.runs.dispatch.answerOthers();
  await restApi(parts).listen(settings.HTTP_HOST, settings.HTTP_PORT, shutdown);
  await parts.sessionLimits.refresh();
  const agentServer = createGrpcServer({ 'grpc.max_connection_idle_ms': idleConnectionMs });
  agentServer.addService(agentServiceDefinition, parts.agents.implementation());
  const publicAt = { host: settings.GRPC_HOST, port: settings.GRPC_PORT, setting: 'GRPC' };
  await parts.agentPort.listen(agentServer, publicAt, credentialsFor(certificates.agents));
  addShutdown(shutdown, parts, lease);
  await parts.releases.refresh();
  parts.updateScheduler.start();
  parts.sessionLimits.start();
  parts.runs.engine.start();
  health.markReady();
  logger.info({ hub_id: parts.hubId, grpc: `${settings.GRPC_HOST}:${settings.GRPC_PORT}` }, 'agent-hub is ready');
};

/** Builds the REST API, which the gateway calls for users. */
const restApi = (parts: Parts): Api => {
  const api = new Api(parts);
  parts.mountMachines(api);
  parts.mountEnrolment(api);
  parts.mountUpdates(api, parts.views);
  parts.mountAccess(api);
  parts.mountCommands(api);
  parts.mountRuns(api);
  parts.mountDashboard(api);
  parts.mountSessionLimits(api);
  return api;
};

const startParts = (parts: Parts): void => {
  parts.allowList.start();
  parts.presence.start();
  parts.view.start();
  parts.revokedKeys.start();
  parts.activity.start();
  parts.links.startCountingSilence();
  parts.revocation.start();
  parts.terminations.start();
  parts.accessChanges.start();
  parts.userEvents.start();
  parts.runs.changes.start();
};

/** Waits until the data for access checks is loaded. The ports for agents and REST requests open after that. */
const loadParts = async (parts: Parts, health: Health): Promise<void> => {
  const load = async (part: string, complete: Promise<void>): Promise<void> => {
    health.set(part, false, 'loading');
    await complete;
    health.set(part, true);
  };
  await Promise.all([
    load('signins', parts.allowList.complete()),
    load('presence', parts.view.complete()),
    load('revocations', parts.revokedKeys.complete()),
  ]);
};

const addShutdown = (shutdown: Shutdown, parts: Parts, lease: Lease): void => {
  shutdown.add('unready', 'end event streams', () => {
    // From here on the entry of a closed link stays, so that its agent counts as online until another hub writes the entry.
    parts.presence.stop();
    parts.events.end();
    parts.runs.streams.end();
  });
  shutdown.add('clients', 'send viewers and agents elsewhere', () => {
    const details = 'this hub is shutting down';
    for (const attachment of parts.attachments.all()) attachment.end({ kind: 'redial', details, detach: 'moving' });
    parts.agents.redialAll(redialJitterMs);
  });
  shutdown.add('clients', 'stop ordering updates', () => parts.updateScheduler.stop());
  shutdown.add('clients', 'stop reading the limits of terminals', () => parts.sessionLimits.stop());
  shutdown.add('clients', 'leave runs to other hubs', async () => {
    await parts.runs.engine.stop();
    parts.runs.changes.stop();
  });
  shutdown.add('work', 'end the lease', () => lease.end());
  shutdown.add('work', 'save machine activity', () => parts.activity.stop());
  shutdown.add('work', 'close gRPC', async () => {
    parts.links.stopCountingSilence();
    parts.revocation.stop();
    parts.terminations.stop();
    parts.allowList.stop();
    parts.view.stop();
    const ports = [parts.agentPort, parts.internalPort];
    const followers = [parts.userEvents, parts.revokedKeys, parts.accessChanges];
    await Promise.all([...followers.map((each) => each.stop()), ...ports.map((port) => port.shutDown(1000))]);
  });
};
