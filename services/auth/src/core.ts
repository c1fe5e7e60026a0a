import type { NatsConnection } from '@nats-io/transport-node';
import type { Health, Logger, Shutdown } from '@webxterm/shared';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import { AllowList, ClockWatch } from '@webxterm/shared/bus';
import type { Connection } from 'mongoose';
import { AccessTokenStore } from './access-tokens/access-token-store.ts';
import { UserStore } from './accounts/user-store.ts';
import { bothOf } from './allow-list/list-entries.ts';
import { ListKeeper } from './allow-list/list-keeper.ts';
import { cookieName, deviceCookieName } from './browser-session/cookie.ts';
import { FactorPolicies } from './factor-policy/factor-policies.ts';
import { Outbox } from './outbox/outbox.ts';
import { OutboxWorker } from './outbox/outbox-worker.ts';
import { deriveRootKeys } from './root-keys/root-keys.ts';
import type { AuthSettings } from './settings.ts';
import { SigninStore } from './signins/signin-store.ts';
import { StreamKeeper } from './streams/stream-keeper.ts';

/** The parts that every domain uses. */
export type Core = ReturnType<typeof makeCore>;

export interface CoreOptions {
  readonly settings: AuthSettings;
  readonly connection: Connection;
  readonly bus: NatsConnection;
  readonly health: Health;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Builds the parts that every domain uses. Nothing is started yet. */
export const makeCore = ({ settings, connection, bus, health, logger, now }: CoreOptions) => {
  const clock = new ClockWatch({ bus, service: 'auth', health, logger, now });
  const roots = deriveRootKeys(settings.ROOT_KEY);
  const users = new UserStore(connection);
  const store = new SigninStore(connection);
  const tokens = new AccessTokenStore(connection);
  const outbox = new Outbox(connection);
  const signer = roots.current.allowList;
  const keys = roots.all.map((root) => root.allowList.publicKey);
  const allowList = new AllowList({ bus, logger, keys, clock, now, onForeign: (key) => list.mend(key) });
  const policies = new FactorPolicies(connection, logger);
  const list = new ListKeeper({
    bus,
    replicas: settings.NATS_REPLICAS,
    signer,
    keys,
    list: allowList,
    signins: bothOf(store, tokens),
    users,
    factorRule: () => policies.rule,
    logger,
    clock,
    now,
    onBeat: (ok) =>
      health.set(
        'signins',
        ok,
        ok ? '' : (clock.fault ?? 'NATS does not store sign-ins: check its log and its free disk space'),
      ),
  });
  return {
    settings,
    connection,
    bus,
    health,
    logger,
    now,
    clock,
    roots,
    jwtKeys: settings.JWT_KEYS,
    users,
    store,
    tokens,
    outbox,
    allowList,
    list,
    policies,
    streams: new StreamKeeper({ bus, replicas: settings.NATS_REPLICAS, logger }),
    auditor: new Auditor({ bus, outbox: new AuditOutbox(connection), logger }),
    worker: new OutboxWorker({ bus, outbox, signer, list, clock, logger, now }),
    cookieName: cookieName(settings.INSTALLATION_ID),
    deviceCookieName: deviceCookieName(settings.INSTALLATION_ID),
  };
};

/** Starts the clock watch, the allow-list, the outbox and the audit. Resolves when the allow-list is complete. */
export const startCore = async (core: Core, shutdown: Shutdown): Promise<void> => {
  const { clock, allowList, list, policies, streams, worker, auditor, health } = core;
  await clock.start(shutdown);
  await policies.start();
  allowList.start();
  await list.start();
  await allowList.complete();
  worker.start();
  streams.start();
  auditor.measure(health.metrics);
  auditor.start(shutdown);
  shutdown.add('work', 'allow-list', () => {
    list.stop();
    allowList.stop();
  });
  shutdown.add('work', 'factor policy', () => policies.stop());
  shutdown.add('work', 'outbox', () => worker.stop());
  shutdown.add('work', 'streams', () => streams.stop());
};
