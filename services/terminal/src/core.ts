import { useAccessToken } from '@webxterm/contracts/bus';
import type { Health, ServiceContext } from '@webxterm/shared';
import { KnownTokens } from '@webxterm/shared/api';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import { AllowList, ask, busOptions, ClockWatch, connectBus, PresenceView, Refusals } from '@webxterm/shared/bus';
import { buildIndexes, connectMongo, migrate, unsignedUntil } from '@webxterm/shared/mongo';
import { Measures } from './measure.ts';
import { terminalMigrations } from './migrations/steps.ts';
import { recordingModels } from './recordings/record.ts';
import { sessionModel } from './sessions/record.ts';
import type { TerminalSettings } from './settings.ts';
import { shareModel } from './sharing/record.ts';
import { redeemedModel } from './tickets/redemption.ts';

/** The parts that every domain uses. */
export type Core = Awaited<ReturnType<typeof openCore>>;

/**
 * Connects to the database and the bus, migrates the database, and builds its indexes. Starts the audit. Resolves when the allow-list and
 * presence are complete.
 */
export const openCore = async (
  settings: TerminalSettings,
  health: Health,
  { logger, shutdown, now = Date.now }: ServiceContext & { readonly now?: () => number },
) => {
  const [connection, bus] = await Promise.all([
    connectMongo({ url: settings.MONGO_URL, logger, health, shutdown }),
    connectBus({ ...busOptions(settings), user: 'terminal', logger, health, shutdown }),
  ]);
  const models = {
    sessions: sessionModel(connection),
    redeemed: redeemedModel(connection),
    shares: shareModel(connection),
    ...recordingModels(connection),
  };
  const auditor = new Auditor({ bus, outbox: new AuditOutbox(connection), logger });
  await migrate(connection, terminalMigrations, { logger, instance: settings.INSTANCE_ID });
  await buildIndexes(connection);
  const unsigned = await unsignedUntil(connection);
  const refusals = new Refusals(logger);
  refusals.measure(health.metrics);
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
  const presence = new PresenceView(bus, logger, {
    onCurrent: (current) => health.set('presence', current, current ? '' : 'the bucket of presence cannot be read'),
  });
  allowList.start();
  presence.start();
  await Promise.all([allowList.complete(), presence.complete()]);
  return {
    settings,
    gatewayKey: settings.GATEWAY_KEY,
    jwtKeys: settings.JWT_KEYS,
    logger,
    now,
    bus,
    models,
    auditor,
    refusals,
    /** Unsigned messages are accepted if they arrived before this time, in ms since 1970. */
    unsignedUntil: unsigned,
    allowList,
    accessTokens: new KnownTokens({ allowList, logger, now, ask: (use) => ask(bus, useAccessToken, use) }),
    presence,
    measures: new Measures(health.metrics),
  };
};
