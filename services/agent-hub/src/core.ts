import { randomBytes } from 'node:crypto';
import { useAccessToken } from '@webxterm/contracts/bus';
import { sessionKinds } from '@webxterm/contracts/session-kinds';
import type { Health, ServiceContext } from '@webxterm/shared';
import { KnownTokens } from '@webxterm/shared/api';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import {
  AllowList,
  ask,
  busOptions,
  ClockWatch,
  connectBus,
  PresenceView,
  publicKeyVerifier,
  Refusals,
} from '@webxterm/shared/bus';
import { buildIndexes, connectMongo, migrate, unsignedUntil } from '@webxterm/shared/mongo';
import { hostsStackById } from './access/hosts-stack.ts';
import { BusState } from './bus-state.ts';
import { ActivityLog } from './dashboard/activity-log.ts';
import { AgentReports } from './machines/agent-reports.ts';
import { Authorizer } from './machines/authorize.ts';
import { ManagedMachines } from './machines/managed.ts';
import { defineMachineModels } from './machines/record.ts';
import { MachineStore } from './machines/store.ts';
import { hubMigrations } from './migrations/steps.ts';
import { defineRunModels } from './runs/record.ts';
import type { HubSettings } from './settings.ts';

/** The parts with which a hub is started. Only tests override the clock and the kinds of session. */
export interface HubContext extends ServiceContext {
  readonly now?: () => number;
  readonly kinds?: typeof sessionKinds;
}

const lostBucket = 'its bucket cannot be read; auth creates it again within seconds of its loss';

/** The parts that every domain uses. */
export type Core = Awaited<ReturnType<typeof openCore>>;

/**
 * Connects to the database and the bus, and builds the indexes, so that unique indexes hold from the first write. The allow-list, presence
 * and the audit are not started yet.
 */
export const openCore = async (
  settings: HubSettings,
  health: Health,
  { logger, shutdown, now = Date.now, kinds = sessionKinds }: HubContext,
) => {
  const mongo = await connectMongo({ url: settings.MONGO_URL, logger, health, shutdown });
  const models = defineMachineModels(mongo);
  const runModels = defineRunModels(mongo);
  const auditOutbox = new AuditOutbox(mongo);
  await migrate(mongo, hubMigrations, { logger, instance: settings.INSTANCE_ID });
  await buildIndexes(mongo);
  const unsigned = await unsignedUntil(mongo);
  const bus = await connectBus({ ...busOptions(settings), user: 'agent-hub', logger, health, shutdown });
  const clock = new ClockWatch({ bus, service: 'agent-hub', health, logger, now });
  await clock.start(shutdown);

  /** Reports to the health state whether a part of this hub has current data. */
  const reportPart =
    (part: string, otherwise: string) =>
    (current: boolean): void =>
      health.set(part, current, current ? '' : otherwise);
  const refusals = new Refusals(logger, now);
  refusals.measure(health.metrics);
  const store = new MachineStore(models);
  const reports = new AgentReports(models.machines);
  const authorizer = new Authorizer(store);
  const allowList = new AllowList({
    bus,
    logger,
    now,
    keys: settings.SIGNIN_KEYS,
    clock,
    onCurrent: reportPart('signins', lostBucket),
  });
  return {
    hubId: `${(settings.INSTANCE_ID ?? 'hub').replace(/[^A-Za-z0-9_-]/g, '-')}-${randomBytes(6).toString('hex')}`,
    settings,
    gatewayKey: settings.GATEWAY_KEY,
    jwtKeys: settings.JWT_KEYS,
    linkKey: settings.LINK_KEY,
    logger,
    now,
    kinds,
    reportPart,
    bus,
    busState: new BusState(bus),
    refusals,
    /** Unsigned messages are accepted if they arrived before this time, in ms since 1970. */
    unsignedUntil: unsigned,
    /** Verifies the events of auth. */
    verifier: publicKeyVerifier(settings.SIGNIN_KEYS),
    auditor: new Auditor({ bus, outbox: auditOutbox, logger }),
    activityLog: new ActivityLog(models.activity, logger, now),
    allowList,
    accessTokens: new KnownTokens({ allowList, logger, now, ask: (use) => ask(bus, useAccessToken, use) }),
    view: new PresenceView(bus, logger, { onCurrent: reportPart('presence', lostBucket) }),
    models,
    runModels,
    store,
    reports,
    authorizer,
    managed: new ManagedMachines(store, authorizer),
    /** Whether shells on a machine could read the secrets of this stack. */
    hostsStack: hostsStackById(models, settings.STACK_USER),
  };
};

/** The health text of a part that follows events of auth. */
export const lostStream = 'the stream EVENTS cannot be read; auth creates it again within seconds of its loss';
