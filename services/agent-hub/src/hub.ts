import type { sessionKinds } from '@webxterm/contracts/session-kinds';
import { Health, type ServiceContext, type Shutdown, serveHealth } from '@webxterm/shared';
import { Api } from '@webxterm/shared/api';
import { mountAccess } from './access/http.ts';
import { agentPort } from './agent-links/agent-port.ts';
import { AgentService, agentServiceDefinition } from './agent-links/agent-service.ts';
import { Greeter } from './agent-links/greeting.ts';
import { Registrar } from './agent-links/registrar.ts';
import { requireAlone } from './agent-links/require-alone.ts';
import { hubService, hubServiceDefinition, takeAgentStream } from './attachments/grpc.ts';
import { internalPort } from './attachments/internal-port.ts';
import { openCertificates } from './certificates.ts';
import { mountCommands } from './commands/http.ts';
import { mountDashboard } from './dashboard/http.ts';
import { GuardedPort } from './grpc-server/guarded-port.ts';
import { createGrpcServer, credentialsFor } from './grpc-server/server.ts';
import { mountMachines } from './machines/http.ts';
import { MachineViews } from './machines/machine-views.ts';
import { mountMachineChanges } from './machines/management-http.ts';
import { answerAuthorize } from './machines/nats.ts';
import { answerForUsers } from './machines/nats-users.ts';
import { measure } from './measure.ts';
import { makeParts, openConnections, type Parts } from './parts.ts';
import { Lease } from './presence/lease.ts';
import { wireReactions, wireReconnect } from './reactions.ts';
import type { HubSettings } from './settings.ts';

/** When this hub shuts down, idle agents spread their dials over this time. */
const redialJitterMs = 2000;
/** A connection of an agent is closed after this time without a stream. */
const idleConnectionMs = 30_000;

/** Starts a hub. It is ready once the database and bus are connected, sign-ins, replaced keys and presence are loaded, and all ports are open. */
export const startHub = async (
  settings: HubSettings,
  context: ServiceContext & { readonly now?: () => number; readonly kinds?: typeof sessionKinds },
): Promise<void> => {
  const { logger, shutdown } = context;
  const health = new Health('agent-hub');
  // First, so that a problem with the certificates is reported without waiting for other services.
  const certificates = openCertificates(settings, health.metrics, logger);
  await serveHealth(settings, health, shutdown);
  const parts = makeParts(settings, await openConnections(settings, health, context), { ...context, health });
  const ports = guardedPorts(settings, parts);
  const agents = agentService(settings, parts, ports.agents);
  const agentServer = createGrpcServer({ 'grpc.max_connection_idle_ms': idleConnectionMs });
  agentServer.addService(agentServiceDefinition, agents.implementation());
  const internalServer = createGrpcServer();
  internalServer.addService(
    hubServiceDefinition,
    hubService({ ...parts, table: parts.attachments, passKey: settings.PASS_KEY }),
  );
  measure(health.metrics, {
    newcomers: () => ports.agents.newcomers,
    links: () => parts.links.size,
    attachments: () => parts.attachments.size,
    signinsStale: () => parts.allowList.isStale(),
  });
  wireReactions(parts);

  startParts(parts);
  parts.auditor.measure(health.metrics);
  parts.auditor.start(shutdown);
  const internalAt = { host: settings.INTERNAL_GRPC_HOST, port: settings.INTERNAL_GRPC_PORT, setting: 'INTERNAL_GRPC' };
  await ports.internal.listen(internalServer, internalAt, credentialsFor(certificates.internal));
  const lease = new Lease(parts.bus, logger, {
    hub_id: parts.hubId,
    address: settings.INTERNAL_ADDRESS,
    started_at: new Date(parts.now()).toISOString(),
  });
  await lease.start();
  await loadParts(parts, health);
  wireReconnect(parts, lease);
  const { allowList, authorizer, presence } = parts;
  answerForUsers(parts);
  parts.dispatch.answerOthers();
  answerAuthorize(parts.bus, logger, allowList, authorizer, (agentId) => presence.isOnline(agentId));
  await restApi(settings, parts).listen(settings.HTTP_HOST, settings.HTTP_PORT, shutdown);
  const publicAt = { host: settings.GRPC_HOST, port: settings.GRPC_PORT, setting: 'GRPC' };
  await ports.agents.listen(agentServer, publicAt, credentialsFor(certificates.agents));
  addShutdown(shutdown, parts, { agents, lease, ports: [ports.agents, ports.internal] });
  health.markReady();
  logger.info({ hub_id: parts.hubId, grpc: `${settings.GRPC_HOST}:${settings.GRPC_PORT}` }, 'agent-hub is ready');
};

const guardedPorts = (settings: HubSettings, { rendezvous, logger }: Parts) => ({
  agents: new GuardedPort(agentPort(rendezvous), logger),
  internal: new GuardedPort(
    internalPort({ hubToken: settings.HUB_TOKEN, certificateNeeded: settings.INTERNAL_TLS_DIR !== undefined }),
    logger,
  ),
});

/** Builds the gRPC service that agents dial. */
const agentService = (settings: HubSettings, parts: Parts, port: GuardedPort): AgentService => {
  const { allowList, revokedKeys, presence, links } = parts;
  const linkKey = settings.LINK_KEY;
  const registrar = new Registrar({
    ...parts,
    linkKey,
    mayHonourPasses: () => !allowList.isStale(),
    isKeyRevoked: (keyId) => revokedKeys.has(keyId),
    registrationsPerMinute: settings.REGISTRATIONS_PER_MINUTE,
    onReplaced: ({ agent_id }) => {
      parts.news.publish(agent_id, null, null);
      // The new agent is about to link here, so the link of the previous agent must end first.
      return parts.terminations.carryOut(agent_id);
    },
  });
  const greeter = new Greeter({
    ...parts,
    registrar,
    table: links,
    linkKey,
    checkOtherHubs: (dial) => presence.checkOtherHubs(dial),
    leave: async (identity) => {
      await requireAlone(identity, parts);
      await parts.changes.removeForAgent(identity);
    },
  });
  return new AgentService({ ...parts, greeter, port, table: links, takeStream: takeAgentStream(parts.rendezvous) });
};

/** Builds the REST API, which the gateway calls for users. */
const restApi = (settings: HubSettings, parts: Parts): Api => {
  const { presence } = parts;
  const api = new Api({ ...parts, gatewayKey: settings.GATEWAY_KEY, jwtKeys: settings.JWT_KEYS });
  const views = new MachineViews({ ...parts, isOnline: (agentId) => presence.isOnline(agentId) });
  const onlineIds = (): string[] => presence.onlineIds();
  mountMachines(api, { ...parts, views, onlineIds });
  mountMachineChanges(api, { ...parts, view: (machine, role) => views.one(machine, role) });
  mountAccess(api, parts);
  mountCommands(api, parts);
  mountDashboard(api, {
    ...parts,
    onlineIds,
    latestStats: (agentId) => parts.activity.latest(agentId)?.stats ?? null,
    views: (caller, machines) => views.forPerson(caller, machines),
  });
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
  parts.userEvents.start();
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

const addShutdown = (
  shutdown: Shutdown,
  parts: Parts,
  { agents, lease, ports }: { agents: AgentService; lease: Lease; ports: readonly GuardedPort[] },
): void => {
  shutdown.add('unready', 'end event streams', () => {
    // From here on the entry of a closed link stays, so that its agent counts as online until another hub writes the entry.
    parts.presence.stop();
    parts.events.end();
  });
  shutdown.add('clients', 'send viewers and agents elsewhere', () => {
    const details = 'this hub is shutting down';
    for (const attachment of parts.attachments.all()) attachment.end({ kind: 'redial', details, detach: 'moving' });
    agents.redialAll(redialJitterMs);
  });
  shutdown.add('work', 'end the lease', () => lease.end());
  shutdown.add('work', 'save machine activity', () => parts.activity.stop());
  shutdown.add('work', 'close gRPC', async () => {
    parts.links.stopCountingSilence();
    parts.revocation.stop();
    parts.terminations.stop();
    parts.allowList.stop();
    parts.view.stop();
    await Promise.all([parts.userEvents.stop(), parts.revokedKeys.stop(), ...ports.map((port) => port.shutDown(1000))]);
  });
};
