import { Health, type ServiceContext, serveHealth } from '@webxterm/shared';
import { Api } from '@webxterm/shared/api';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import { AllowList, busOptions, ClockWatch, connectBus } from '@webxterm/shared/bus';
import { buildIndexes, connectMongo, migrate } from '@webxterm/shared/mongo';
import { Accounts } from './accounts/accounts.ts';
import { Confirmation } from './accounts/confirmation.ts';
import { Deletion } from './accounts/deletion.ts';
import { ensureAdmin } from './accounts/first-admin.ts';
import { mountAccounts } from './accounts/http.ts';
import { mountOwnAccount } from './accounts/own-account-http.ts';
import { PasswordChange } from './accounts/password-change.ts';
import { ProfileChange } from './accounts/profile-change.ts';
import { UserStore } from './accounts/user-store.ts';
import { ListKeeper } from './allow-list/list-keeper.ts';
import { ApiKeys } from './api-keys/api-keys.ts';
import { answerApiKeys } from './api-keys/nats.ts';
import { AuditLog } from './audit/audit-log.ts';
import { mountAudit } from './audit/http.ts';
import { AvatarStore } from './avatars/avatar-store.ts';
import { Avatars } from './avatars/avatars.ts';
import { mountAvatars } from './avatars/http.ts';
import { Redraw } from './avatars/redraw.ts';
import { allowedOrigins } from './browser-session/allowed-origins.ts';
import { BrowserSessions } from './browser-session/browser-sessions.ts';
import { cookieName, deviceCookieName } from './browser-session/cookie.ts';
import { mountBrowserSession } from './browser-session/http.ts';
import { measure } from './measure.ts';
import { authMigrations } from './migrations/steps.ts';
import { Outbox } from './outbox/outbox.ts';
import { OutboxWorker } from './outbox/outbox-worker.ts';
import { Passwords } from './passwords/passwords.ts';
import { bcryptCost } from './passwords/stored-password.ts';
import { deriveRootKeys } from './root-keys/root-keys.ts';
import type { AuthSettings } from './settings.ts';
import { mountSetupLinks } from './setup-links/http.ts';
import { SetupLinkStore } from './setup-links/setup-link-store.ts';
import { SetupLinks } from './setup-links/setup-links.ts';
import { mountSignins } from './signins/http.ts';
import { LastSeen } from './signins/last-seen.ts';
import { SigninStore } from './signins/signin-store.ts';
import { Signins } from './signins/signins.ts';
import { Standing } from './signins/standing.ts';
import { Buckets } from './throttling/buckets.ts';
import { KnownDevices } from './throttling/known-devices.ts';
import { SignInThrottle } from './throttling/sign-in-throttle.ts';
import { mountUsers } from './users/http.ts';
import { answerUsers } from './users/nats.ts';
import { NewAccounts } from './users/new-accounts.ts';
import { UserAdmin } from './users/user-admin.ts';

/**
 * Builds and starts the service. Resolves once it is ready. Only tests override `now`, the clock of sign-ins and of the allow-list, and
 * `cost`, the cost of bcrypt.
 */
export const startAuth = async (
  settings: AuthSettings,
  { logger, shutdown, now = Date.now }: ServiceContext & { readonly now?: () => number },
  cost = bcryptCost,
): Promise<void> => {
  const health = new Health('auth');
  health.set('signins', false, 'the allow-list is not complete yet');
  await serveHealth(settings, health, shutdown);
  const [connection, bus] = await Promise.all([
    connectMongo({ url: settings.MONGO_URL, logger, health, shutdown }),
    connectBus({ ...busOptions(settings), user: 'auth', logger, health, shutdown }),
  ]);

  const clock = new ClockWatch({ bus, service: 'auth', health, logger, now });
  const roots = deriveRootKeys(settings.ROOT_KEY);
  const jwtKeys = settings.JWT_KEYS;
  const users = new UserStore(connection);
  const store = new SigninStore(connection);
  const outbox = new Outbox(connection);
  const signinKeys = roots.all.map((root) => root.allowList.publicKey);
  const allowList = new AllowList({
    bus,
    logger,
    keys: signinKeys,
    clock,
    now,
    onForeign: (key) => list.mend(key),
  });
  const list = new ListKeeper({
    bus,
    replicas: settings.NATS_REPLICAS,
    signer: roots.current.allowList,
    keys: signinKeys,
    list: allowList,
    signins: store,
    users,
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
  const auditor = new Auditor({ bus, outbox: new AuditOutbox(connection), logger });
  const auditLog = new AuditLog({
    connection,
    bus,
    roots,
    auditor,
    retentionDays: settings.AUDIT_RETENTION_DAYS,
    logger,
    onCurrent: (current) => health.set('audit', current, current ? '' : 'the stream AUDIT cannot be read'),
  });
  const worker = new OutboxWorker({ bus, outbox, signer: roots.current.allowList, list, logger });
  const standing = new Standing(users, store);
  const signins = new Signins({
    connection,
    store,
    users,
    outbox,
    worker,
    jwtKeys,
    auditor,
    maxPerUser: settings.MAX_SIGNINS_PER_USER,
    clock,
    now,
  });
  const passwords = new Passwords(roots, cost);
  const apiKeys = new ApiKeys({ connection, users, outbox, worker, roots, logger, auditor });
  const devices = new KnownDevices(connection, roots);
  const throttle = new SignInThrottle(new Buckets(connection), devices, roots, settings.SIGNUPS_PER_ADDRESS);
  const accounts = new Accounts({
    connection,
    users,
    passwords,
    apiKeys,
    signins,
    throttle,
    signup: settings.SIGNUP,
    auditor,
  });
  const confirmation = new Confirmation({ passwords, throttle });
  const linkStore = new SetupLinkStore(connection);
  const links = new SetupLinks({
    connection,
    links: linkStore,
    users,
    store,
    signins,
    passwords,
    apiKeys,
    throttle,
    worker,
    auditor,
    publicUrl: settings.PUBLIC_URL,
  });
  const avatarStore = new AvatarStore(connection);
  const deletion = new Deletion({
    avatars: avatarStore,
    connection,
    bus,
    users,
    store,
    links: linkStore,
    signins,
    outbox,
    worker,
    auditor,
  });
  const countSignin = measure(health.metrics, {
    passwordsWaiting: () => passwords.waiting,
    backlog: () => outbox.count(),
  });
  const lastSeen = new LastSeen(store, logger);

  await migrate(connection, authMigrations, { logger, instance: settings.INSTANCE_ID });
  await buildIndexes(connection);
  await ensureAdmin(users, accounts, { email: settings.ADMIN_EMAIL, password: settings.ADMIN_PASSWORD }, logger);

  await clock.start(shutdown);
  allowList.start();
  await list.start();
  await allowList.complete();
  worker.start();
  auditor.measure(health.metrics);
  auditor.start(shutdown);
  auditLog.start(shutdown);
  lastSeen.start(shutdown);
  shutdown.add('work', 'allow-list', () => {
    list.stop();
    allowList.stop();
  });
  shutdown.add('work', 'outbox', () => worker.stop());

  const api = new Api({ gatewayKey: settings.GATEWAY_KEY, jwtKeys, allowList, logger, now });
  const name = cookieName(settings.INSTALLATION_ID);
  const deviceName = deviceCookieName(settings.INSTALLATION_ID);
  mountAccounts(api, { accounts, users, apiKeys, deviceCookieName: deviceName, countSignin });
  mountSignins(api, { signins, allowList, jwtKeys, lastSeen, cookieName: name, auditor });
  mountOwnAccount(api, {
    users,
    apiKeys,
    passwordChange: new PasswordChange({
      connection,
      users,
      store,
      links: linkStore,
      passwords,
      signins,
      worker,
      confirmation,
      standing,
      auditor,
    }),
    profileChange: new ProfileChange({ connection, users, store, outbox, worker, confirmation, standing, auditor }),
    confirmation,
    deletion,
    standing,
    cookieName: name,
  });
  mountUsers(api, {
    admin: new UserAdmin({ connection, users, store, outbox, worker, auditor }),
    newAccounts: new NewAccounts({ connection, users, apiKeys, links, auditor }),
    links,
    deletion,
    standing,
  });
  mountSetupLinks(api, links);
  mountAvatars(api, new Avatars({ connection, users, store: avatarStore, standing, redraw: new Redraw(), auditor }));
  mountBrowserSession(api, {
    browsers: new BrowserSessions({ store, signins, logger }),
    signins,
    users,
    allowList,
    auditor,
    origins: allowedOrigins(settings.PUBLIC_URL, settings.EXTRA_ORIGINS),
    cookieName: name,
    devices,
    deviceCookieName: deviceName,
    alwaysSecure: settings.PUBLIC_URL.startsWith('https:'),
  });
  mountAudit(api, { query: auditLog.query, auditor, allowList });
  await api.listen(settings.HTTP_HOST, settings.HTTP_PORT, shutdown);
  answerApiKeys(bus, apiKeys, logger);
  answerUsers(bus, users, logger);

  health.markReady();
  logger.info({ port: settings.HTTP_PORT }, 'auth is ready');
};
