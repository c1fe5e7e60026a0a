import { busMacPurposes } from '@webxterm/contracts/bus';
import { Health, type ServiceContext, serveHealth } from '@webxterm/shared';
import { Api, type ResumePass, resumePassLifeMs, sealResumePass } from '@webxterm/shared/api';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import { AllowList, busOptions, ClockWatch, connectBus, MacKey, PresenceView, Refusals } from '@webxterm/shared/bus';
import { buildIndexes, connectMongo, migrate, unsignedUntil } from '@webxterm/shared/mongo';
import { patienceMs } from './attachment/attach-timing.ts';
import { Attachment, type AttachmentContext, type AttachmentRequest } from './attachment/attachment.ts';
import { OpenTerminals } from './attachment/open-terminals.ts';
import { SharedCounts } from './attachment/shared-counts.ts';
import { openCertificates } from './hub-client/certificates.ts';
import { HubChannels } from './hub-client/channels.ts';
import { PresenceLocator } from './hub-client/locator.ts';
import { Measures } from './measure.ts';
import { terminalMigrations } from './migrations/steps.ts';
import { mountSessions } from './sessions/http.ts';
import { SessionLedger } from './sessions/ledger.ts';
import { MachineCalls } from './sessions/machine-calls.ts';
import { answerSessions } from './sessions/nats.ts';
import { sessionModel } from './sessions/record.ts';
import { SessionEvents } from './sessions/session-events.ts';
import { SessionStore } from './sessions/store.ts';
import type { TerminalSettings } from './settings.ts';
import { AdmissionControl, newId } from './tickets/admission.ts';
import { Redemption, redeemedModel } from './tickets/redemption.ts';
import { Denials } from './websocket/denials.ts';
import { Upgrades } from './websocket/upgrade.ts';

/** Builds and starts the service. Resolves once it is ready. */
export const startTerminal = async (
  settings: TerminalSettings,
  { logger, shutdown, now = Date.now }: ServiceContext & { readonly now?: () => number },
): Promise<void> => {
  const health = new Health('terminal');
  health.set('signins', false, 'the allow-list is not complete yet');
  // First, so that a problem with the certificates is reported without waiting for other services.
  const certificates = openCertificates(settings, health.metrics, logger);
  await serveHealth(settings, health, shutdown);
  const [connection, bus] = await Promise.all([
    connectMongo({ url: settings.MONGO_URL, logger, health, shutdown }),
    connectBus({ ...busOptions(settings), user: 'terminal', logger, health, shutdown }),
  ]);
  const sessions = sessionModel(connection);
  const store = new SessionStore(sessions);
  const redemption = new Redemption(redeemedModel(connection), logger);
  const auditor = new Auditor({ bus, outbox: new AuditOutbox(connection), logger });
  await migrate(connection, terminalMigrations, { logger, instance: settings.INSTANCE_ID });
  await buildIndexes(connection);
  const refusals = new Refusals(logger);
  refusals.measure(health.metrics);
  const reading = { bus, logger, refusals, unsignedUntil: await unsignedUntil(connection) };
  auditor.measure(health.metrics);
  auditor.start(shutdown);

  const clock = new ClockWatch({ bus, service: 'terminal', health, logger, now });
  await clock.start(shutdown);
  const allowList = new AllowList({
    bus,
    logger,
    keys: settings.SIGNIN_KEYS,
    clock,
    now,
    onCurrent: (current) => health.set('signins', current, current ? '' : 'the bucket of sign-ins cannot be read'),
  });
  const presence = new PresenceView(bus, logger, (current) =>
    health.set('presence', current, current ? '' : 'the bucket of presence cannot be read'),
  );
  allowList.start();
  presence.start();
  await Promise.all([allowList.complete(), presence.complete()]);

  const measures = new Measures(health.metrics);
  const sealPass = (request: AttachmentRequest): string =>
    sealResumePass(settings.PASS_KEY, passFor(request, now() + resumePassLifeMs));
  const channels = new HubChannels(settings.HUB_TOKEN, certificates);
  const locator = new PresenceLocator(presence, bus, { plain: certificates === undefined });
  const attachmentContext: AttachmentContext = {
    channels,
    locator,
    sealPass,
    measures: measures.attachments,
    returningPatienceMs: patienceMs.returning,
    logger,
    now,
    random: Math.random,
  };
  const shared = new SharedCounts({
    ...reading,
    now,
    key: new MacKey(settings.TICKET_KEY, busMacPurposes.amongTerminals),
  });
  const terminals = new OpenTerminals({
    perUser: settings.TERMINALS_PER_USER,
    heldPerUser: settings.STALLED_MIB_PER_USER * 1024 * 1024,
    elsewhere: (userId) => shared.elsewhere(userId),
    changed: (userId, open) => shared.publish([[userId, open]]),
  });
  shared.start(() => terminals.counts());
  const denials = new Denials(auditor);
  const events = new SessionEvents({ store, auditor, logger });
  const ledger = new SessionLedger({
    ...reading,
    store,
    events,
    counts: measures.sessions,
    ofHubs: new MacKey(settings.PASS_KEY, busMacPurposes.hubsToTerminals),
  });
  events.start();
  ledger.listen();
  answerSessions(bus, store, logger);
  allowList.onChange((sidHash, entry) => {
    if (entry === undefined || entry.disabled) terminals.endSignin(sidHash);
  });

  const { GATEWAY_KEY: gatewayKey, JWT_KEYS: jwtKeys, TICKET_KEY: ticketKey, PASS_KEY: passKey } = settings;
  const api = new Api({ gatewayKey, jwtKeys, allowList, logger, now });
  mountSessions(api, {
    store,
    machines: new MachineCalls({ bus, channels, locator }),
    ticketKey,
    auditor,
    denials,
    now,
  });
  const admissionControl = new AdmissionControl({ jwtKeys, ticketKey, passKey, allowList, redemption, now });
  const upgrades = new Upgrades({
    context: {
      attach: (request, events) => new Attachment(attachmentContext, request, events),
      terminals,
      ledger,
      sealPass,
      now,
    },
    gatewayKey,
    admissionControl,
    allowList,
    store,
    denials,
    logger,
  });
  const server = await api.listen(settings.HTTP_HOST, settings.HTTP_PORT, shutdown);
  upgrades.listen(server);
  shutdown.add('listeners', 'terminals', () => terminals.endAll('moving'));
  shutdown.add('work', 'session events', () => {
    ledger.stop();
    return events.stop();
  });
  shutdown.add('work', 'hub channels', () => {
    shared.stop();
    allowList.stop();
    presence.stop();
    channels.close();
  });

  health.set('signins', true);
  health.markReady();
  logger.info({ port: settings.HTTP_PORT }, 'terminal is ready');
};

const passFor = (request: AttachmentRequest, expiresAtMs: number): ResumePass => ({
  jti: newId().toString('base64url'),
  user_id: request.userId,
  sid: request.sid,
  agent_id: request.agentId,
  session_id: request.sessionId.toString('base64url'),
  viewer_id: request.viewerId.toString('base64url'),
  mode: request.mode,
  kind: request.sessionKind,
  exp: Math.floor(expiresAtMs / 1000),
});
