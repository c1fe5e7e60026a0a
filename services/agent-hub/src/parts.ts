import { randomBytes } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { busMacPurposes } from '@webxterm/contracts/bus';
import { sessionKinds } from '@webxterm/contracts/session-kinds';
import type { Health, Logger, ServiceContext } from '@webxterm/shared';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import {
  AllowList,
  busOptions,
  ClockWatch,
  connectBus,
  MacKey,
  PresenceView,
  publicKeyVerifier,
  Refusals,
} from '@webxterm/shared/bus';
import { buildIndexes, connectMongo, migrate, unsignedUntil } from '@webxterm/shared/mongo';
import { AccessNews } from './access/news.ts';
import { OwnAccess } from './access/own-access.ts';
import { PendingTerminations } from './access/pending-terminations.ts';
import { People } from './access/people.ts';
import { Sharing } from './access/sharing.ts';
import { TerminationDelivery } from './access/termination-delivery.ts';
import { noteContest } from './agent-links/audit.ts';
import { type Contest, LinkTable } from './agent-links/link-table.ts';
import { LinkRefusal } from './agent-links/refusal.ts';
import { RevokedKeys } from './agent-links/revoked-keys.ts';
import { SessionLists } from './agent-links/session-lists.ts';
import { AttachmentTable } from './attachments/attachment-table.ts';
import { Rendezvous } from './attachments/rendezvous.ts';
import { Revocation } from './attachments/revocation.ts';
import { BusState } from './bus-state.ts';
import { Commands } from './commands/commands.ts';
import { CommandDispatch } from './commands/dispatch.ts';
import { ActivityLog } from './dashboard/activity-log.ts';
import { EnrolmentStore } from './enrolment/enrolment-store.ts';
import { Activity } from './machines/activity.ts';
import { Authorizer } from './machines/authorize.ts';
import { MachineChanges } from './machines/changes.ts';
import { Departures } from './machines/departures.ts';
import { MachineEventStreams } from './machines/events.ts';
import { ManagedMachines } from './machines/managed.ts';
import { defineMachineModels, type MachineModels } from './machines/record.ts';
import { StatsHistory } from './machines/stats-history.ts';
import { MachineStore } from './machines/store.ts';
import { followUserEvents } from './machines/user-events.ts';
import { hubMigrations } from './migrations/steps.ts';
import { PresenceEntries } from './presence/entries.ts';
import { Presence } from './presence/presence.ts';
import type { HubSettings } from './settings.ts';

/** The connections of a hub. */
export interface Connections {
  readonly models: MachineModels;
  readonly auditOutbox: AuditOutbox;
  readonly bus: NatsConnection;
  readonly busState: BusState;
  /** Unsigned messages are accepted if they arrived before this time, in ms since 1970. */
  readonly unsignedUntil: number;
  readonly clock: ClockWatch;
}

/** Connects to the database and the bus, and builds the indexes, so that unique indexes hold from the first write. */
export const openConnections = async (
  settings: HubSettings,
  health: Health,
  { logger, shutdown, now = Date.now }: ServiceContext & { readonly now?: () => number },
): Promise<Connections> => {
  const mongo = await connectMongo({ url: settings.MONGO_URL, logger, health, shutdown });
  const models = defineMachineModels(mongo);
  const auditOutbox = new AuditOutbox(mongo);
  await migrate(mongo, hubMigrations, { logger, instance: settings.INSTANCE_ID });
  await buildIndexes(mongo);
  const unsigned = await unsignedUntil(mongo);
  const bus = await connectBus({ ...busOptions(settings), user: 'agent-hub', logger, health, shutdown });
  const clock = new ClockWatch({ bus, service: 'agent-hub', health, logger, now });
  await clock.start(shutdown);
  return { models, auditOutbox, bus, busState: new BusState(bus), unsignedUntil: unsigned, clock };
};

const lostStream = 'the stream EVENTS cannot be read; auth creates it again within seconds of its loss';
const lostBucket = 'its bucket cannot be read; auth creates it again within seconds of its loss';

/** Reports to the health state whether a part of this hub has current data. */
const partOf =
  (health: Health, part: string, otherwise: string) =>
  (current: boolean): void =>
    health.set(part, current, current ? '' : otherwise);

/** The parts of a hub, before any of them is started. */
export type Parts = ReturnType<typeof makeParts>;

export const makeParts = (
  settings: HubSettings,
  { models, auditOutbox, bus, busState, unsignedUntil: unsigned, clock }: Connections,
  {
    logger,
    health,
    now = Date.now,
    kinds = sessionKinds,
  }: {
    readonly logger: Logger;
    readonly health: Health;
    readonly now?: () => number;
    /** The kinds of session that this hub knows. */
    readonly kinds?: typeof sessionKinds;
  },
) => {
  const hubId = `${(settings.INSTANCE_ID ?? 'hub').replace(/[^A-Za-z0-9_-]/g, '-')}-${randomBytes(6).toString('hex')}`;
  const isConnected = (): boolean => busState.connected;
  const allowList = new AllowList({
    bus,
    logger,
    now,
    keys: settings.SIGNIN_KEYS,
    clock,
    onCurrent: partOf(health, 'signins', lostBucket),
  });
  const view = new PresenceView(bus, logger, partOf(health, 'presence', lostBucket));
  const store = new MachineStore(models);
  const ends = new PendingTerminations(models.ends, now);
  const enrolments = new EnrolmentStore(models, ends, settings.MAX_MACHINES_PER_USER);
  const authorizer = new Authorizer(store);
  const auditor = new Auditor({ bus, outbox: auditOutbox, logger });
  const onContest = (contest: Contest): void => void noteContest({ auditor, store, logger, now }, contest);
  const links = new LinkTable(onContest);
  const attachments = new AttachmentTable();
  const entries = new PresenceEntries({ bus, logger, view, hubId, address: settings.INTERNAL_ADDRESS });
  const revocation = new Revocation({ allowList, authorizer, links, table: attachments, logger });
  const amongHubs = new MacKey(settings.LINK_KEY, busMacPurposes.amongHubs);
  const toTerminals = new MacKey(settings.PASS_KEY, busMacPurposes.hubsToTerminals);
  const refusals = new Refusals(logger, now);
  refusals.measure(health.metrics);
  const signed = {
    bus,
    logger,
    now,
    refusals,
    unsignedUntil: unsigned,
    verifier: publicKeyVerifier(settings.SIGNIN_KEYS),
  };
  const news = new AccessNews(bus, logger, amongHubs, now);
  const history = new StatsHistory(models.stats);
  const activityLog = new ActivityLog(models.activity, logger, now);
  const managed = new ManagedMachines(store, authorizer);
  const people = new People(models.people);
  const shared = { models, store, enrolments, people, managed, ends, news, auditor, activityLog, bus, logger, now };
  const changes = new MachineChanges(shared);
  const departures = new Departures({ ...shared, changes });
  const commands = new Commands();
  return {
    ends,
    news,
    history,
    activityLog,
    changes,
    sharing: new Sharing({ ...shared, stackUser: settings.STACK_USER }),
    ownAccess: new OwnAccess(shared),
    terminations: new TerminationDelivery({
      ends,
      links,
      logger,
      now,
      onEnds: (agentId) => void revocation.accessChanged(agentId, null),
    }),
    userEvents: followUserEvents({
      ...signed,
      onChange: (change) => departures.userChanged(change),
      onCurrent: partOf(health, 'user events', lostStream),
    }),
    amongHubs,
    toTerminals,
    refusals,
    unsignedUntil: unsigned,
    commands,
    dispatch: new CommandDispatch({
      bus,
      logger,
      hubId,
      allowList,
      authorizer,
      links,
      commands,
      hubOf: (agentId) => view.find(agentId)?.presence.hub_id,
    }),
    kinds,
    now,
    hubId,
    bus,
    busState,
    logger,
    auditor,
    allowList,
    view,
    store,
    enrolments,
    authorizer,
    links,
    attachments,
    rendezvous: new Rendezvous(),
    sessionLists: new SessionLists(bus, logger, toTerminals, now),
    activity: new Activity({ bus, store, history, logger, now, isConnected }),
    presence: new Presence({ hubId, view, entries, table: links, logger, now, isCurrent: isConnected, onContest }),
    revocation,
    events: new MachineEventStreams({ authorizer, allowList, now }),
    revokedKeys: new RevokedKeys({
      ...signed,
      onCurrent: partOf(health, 'revocations', lostStream),
      onRevoked: (keyId) => dropKey(keyId, { links, store, logger, now }),
    }),
  };
};

/** Revokes everything that was issued under a replaced API key: closes its links, and marks the machines. */
const dropKey = (
  keyId: string,
  { links, store, logger, now }: { links: LinkTable; store: MachineStore; logger: Logger; now: () => number },
): void => {
  for (const link of links.all())
    if (link.identity.keyId === keyId) link.refuse(new LinkRefusal('bad_credential', true));
  store.revokeKey(keyId, new Date(now())).catch((error: unknown) => {
    logger.warn(
      { err: error },
      'machines of a replaced API key could not be marked; it is tried again at the next start',
    );
  });
};
