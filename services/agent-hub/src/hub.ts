import { randomBytes } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { MachineAccessEvent } from '@webxterm/contracts/bus';
import {
  AllowList,
  Api,
  buildIndexes,
  connectBus,
  connectMongo,
  Health,
  type Logger,
  PresenceView,
  type ServiceContext,
  serveHealth,
} from '@webxterm/shared';
import { AttachmentTable } from './attachments/attachment-table.ts';
import { hubService, hubServiceDefinition, takeAgentStream } from './attachments/grpc.ts';
import { Rendezvous } from './attachments/rendezvous.ts';
import { Revocation } from './attachments/revocation.ts';
import { BusState } from './bus-state.ts';
import { closeGrpc, createGrpcServer, listenGrpc } from './grpc-server/listen.ts';
import { AgentService, agentServiceDefinition } from './links/agent-service.ts';
import { Greeter } from './links/greeting.ts';
import { LinkTable } from './links/link-table.ts';
import { Registrar } from './links/registrar.ts';
import { Activity } from './machines/activity.ts';
import { Authorizer } from './machines/authorize.ts';
import { MachineEventStreams } from './machines/events.ts';
import { mountMachines } from './machines/http.ts';
import { answerAuthorize } from './machines/nats.ts';
import { defineMachineModels } from './machines/record.ts';
import { MachineStore } from './machines/store.ts';
import { measure } from './measure.ts';
import { PresenceEntries } from './presence/entries.ts';
import { Lease } from './presence/lease.ts';
import { Presence } from './presence/presence.ts';
import type { HubSettings } from './settings.ts';

/** Over how long idle agents spread their dials when this hub goes away. */
const redialJitterMs = 2000;

/** Starts a hub: ready when database, bus, sign-ins and presence are there and all ports are open. */
export const startHub = async (settings: HubSettings, { logger, shutdown }: ServiceContext): Promise<void> => {
  const now = Date.now;
  const hubId = `${(settings.INSTANCE_ID ?? 'hub').replace(/[^A-Za-z0-9_-]/g, '-')}-${randomBytes(6).toString('hex')}`;
  const health = new Health('agent-hub');
  await serveHealth({
    host: settings.HEALTH_HOST,
    port: settings.HEALTH_PORT,
    metricsToken: settings.METRICS_TOKEN,
    health,
    shutdown,
  });

  const mongo = await connectMongo({ url: settings.MONGO_URL, logger, health, shutdown });
  const models = defineMachineModels(mongo);
  await buildIndexes(mongo);
  const bus = await connectBus({
    urls: settings.NATS_URL,
    user: 'agent-hub',
    password: settings.NATS_PASSWORD,
    logger,
    health,
    shutdown,
  });
  const busState = new BusState(bus);

  const allowList = new AllowList(bus, logger);
  const view = new PresenceView(bus, logger);
  const store = new MachineStore(models);
  const authorizer = new Authorizer(store);
  const activity = new Activity({ bus, store, logger, now });
  const links = new LinkTable();
  const attachments = new AttachmentTable();
  const rendezvous = new Rendezvous();
  const entries = new PresenceEntries({ bus, logger, view, hubId, address: settings.INTERNAL_ADDRESS });
  const presence = new Presence({
    hubId,
    view,
    entries,
    table: links,
    logger,
    now,
    isCurrent: () => busState.connected,
  });
  const revocation = new Revocation({ allowList, authorizer, links, table: attachments, logger });
  const events = new MachineEventStreams({ authorizer, allowList, now });

  // Agents.
  const registrar = new Registrar({
    store,
    bus,
    linkKey: settings.LINK_KEY,
    mayHonourPasses: () => !allowList.isStale(),
    isKeyRevoked: () => false,
    now,
  });
  const greeter = new Greeter({
    hubId,
    registrar,
    table: links,
    linkKey: settings.LINK_KEY,
    logger,
    now,
    checkOtherHubs: (agentId, dial) => presence.checkOtherHubs(agentId, dial),
  });
  const takeStream = takeAgentStream(rendezvous);
  const agents = new AgentService({
    greeter,
    table: links,
    presence,
    activity,
    store,
    bus,
    logger,
    now,
    takeStream,
  });
  // A connection without a stream is nobody's link: it is closed when it has been idle for this long.
  const publicServer = createGrpcServer({ 'grpc.max_connection_idle_ms': 30_000 });
  publicServer.addService(agentServiceDefinition, agents.implementation());

  // The terminal service.
  const internalServer = createGrpcServer();
  const attachOptions = {
    allowList,
    authorizer,
    links,
    table: attachments,
    rendezvous,
    passKey: settings.PASS_KEY,
    logger,
    now,
  };
  internalServer.addService(hubServiceDefinition, hubService({ ...attachOptions, hubToken: settings.HUB_TOKEN }));

  // People.
  const api = new Api({ gatewayKey: settings.GATEWAY_KEY, jwtKeys: settings.JWT_KEYS, allowList, logger });
  mountMachines(api, {
    store,
    activity,
    isOnline: (agentId) => presence.isOnline(agentId),
    onlineIds: () => presence.onlineIds(),
    events,
  });

  health.set('signins', false, 'loading');
  health.set('presence', false, 'loading');
  allowList.onChange((sidHash, entry) => {
    revocation.signinChanged(sidHash, entry);
    if (entry === undefined || entry.disabled) events.signinEnded(sidHash);
  });
  presence.onChange((agentId, online) => {
    const latest = activity.latest(agentId);
    events.tell('status', {
      agent_id: agentId,
      status: online ? 'online' : 'offline',
      last_active: latest?.lastActive ?? (online ? new Date(now()).toISOString() : null),
      resource_stats: latest?.stats ?? null,
    });
  });
  activity.onStats((event) => events.tell('stats', event));
  followAccess(bus, logger, (agentId, userId) => {
    events.accessChanged(agentId);
    void revocation.accessChanged(agentId, userId);
  });

  allowList.start();
  presence.start();
  view.start();
  activity.start();
  links.startCountingSilence();
  revocation.start();
  await allowList.complete();
  health.set('signins', true);

  await listenGrpc(internalServer, settings.INTERNAL_GRPC_HOST, settings.INTERNAL_GRPC_PORT);
  const lease = new Lease(bus, logger, {
    hub_id: hubId,
    address: settings.INTERNAL_ADDRESS,
    started_at: new Date(now()).toISOString(),
  });
  await lease.start();
  await view.complete();
  health.set('presence', true);
  answerAuthorize(bus, logger, allowList, authorizer, (agentId) => presence.isOnline(agentId));
  busState.onReconnect(() => {
    void lease.renew().then(() => presence.rewriteAll());
    void revocation.recheckAll();
  });
  measure(health.metrics, { links: () => links.size, attachments: () => attachments.size });

  shutdown.add('unready', 'end event streams', () => {
    presence.stop();
    events.end();
  });
  await api.listen(settings.HTTP_HOST, settings.HTTP_PORT, shutdown);
  await listenGrpc(publicServer, settings.GRPC_HOST, settings.GRPC_PORT);
  shutdown.add('clients', 'send viewers and agents elsewhere', () => {
    const details = 'this hub is going away';
    for (const attachment of attachments.all()) attachment.end({ kind: 'redial', details, detach: 'moving' });
    agents.redialAll(redialJitterMs);
  });
  shutdown.add('work', 'end the lease', () => lease.end());
  shutdown.add('work', 'save machine activity', () => activity.stop());
  shutdown.add('work', 'close gRPC', async () => {
    links.stopCountingSilence();
    revocation.stop();
    await Promise.all([closeGrpc(publicServer, 1000), closeGrpc(internalServer, 1000)]);
  });
  health.markReady();
  logger.info({ hub_id: hubId, grpc: `${settings.GRPC_HOST}:${settings.GRPC_PORT}` }, 'agent-hub is ready');
};

const followAccess = (
  bus: NatsConnection,
  logger: Logger,
  changed: (agentId: string, userId: string | null) => void,
): void => {
  bus.subscribe('machines.*.access', {
    callback: (error, message) => {
      if (error) return logger.error({ err: error }, 'access changes cannot be followed');
      try {
        const event = MachineAccessEvent.parse(message.json());
        changed(event.agent_id, event.user_id);
      } catch (problem) {
        logger.error({ err: problem }, 'an access change does not have the agreed shape, ignoring it');
      }
    },
  });
};
