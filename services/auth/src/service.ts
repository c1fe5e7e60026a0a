import { Health, type ServiceContext, serveHealth } from '@webxterm/shared';
import { Api } from '@webxterm/shared/api';
import { busOptions, connectBus } from '@webxterm/shared/bus';
import { buildIndexes, connectMongo, migrate } from '@webxterm/shared/mongo';
import { wireAccessTokens } from './access-tokens/wiring.ts';
import { ensureAdmin } from './accounts/first-admin.ts';
import { wireAccounts } from './accounts/wiring.ts';
import { ApiKeys } from './api-keys/api-keys.ts';
import { answerApiKeys } from './api-keys/nats.ts';
import { wireAudit } from './audit/wiring.ts';
import { wireAvatars } from './avatars/wiring.ts';
import { wireBrowserSessions } from './browser-session/wiring.ts';
import { type Core, makeCore, startCore } from './core.ts';
import { wireFactorPolicy } from './factor-policy/wiring.ts';
import { measure } from './measure.ts';
import { authMigrations } from './migrations/steps.ts';
import { wireOidc } from './oidc/wiring.ts';
import { Passwords } from './passwords/passwords.ts';
import { bcryptCost } from './passwords/stored-password.ts';
import { wirePreferences } from './preferences/wiring.ts';
import { wireProgramLogins } from './program-logins/wiring.ts';
import { wireSecondStep } from './second-factors/second-step-wiring.ts';
import { wireSecondFactors } from './second-factors/wiring.ts';
import type { AuthSettings } from './settings.ts';
import { wireSetupLinks } from './setup-links/wiring.ts';
import { wireSignins } from './signins/wiring.ts';
import { wireThrottling } from './throttling/wiring.ts';
import { answerUsers } from './users/nats.ts';
import { wireUsers } from './users/wiring.ts';

/**
 * Builds and starts the service. Resolves once it is ready. Only tests override `now`, the clock of the service, and `cost`, the cost of
 * bcrypt.
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
  const core = makeCore({ settings, connection, bus, health, logger, now });
  const parts = wireDomains(core, cost);

  await migrate(connection, authMigrations, { logger, instance: settings.INSTANCE_ID });
  await buildIndexes(connection);
  await ensureAdmin(
    core.users,
    parts.accounts,
    { email: settings.ADMIN_EMAIL, password: settings.ADMIN_PASSWORD },
    logger,
  );

  await startCore(core, shutdown);
  parts.auditLog.start(shutdown);
  parts.lastSeen.start(shutdown);
  const api = new Api({ ...core, accessTokens: parts.accessTokens, gatewayKey: settings.GATEWAY_KEY });
  for (const mount of parts.mounts) mount(api);
  await api.listen(settings.HTTP_HOST, settings.HTTP_PORT, shutdown);
  answerApiKeys(bus, parts.apiKeys, logger);
  parts.answerAccessTokens();
  answerUsers(bus, core.users, logger);

  health.markReady();
  logger.info({ port: settings.HTTP_PORT }, 'auth is ready');
};

/** Builds the domains in the order of their dependencies. Each folder has its own `wiring.ts`. */
const wireDomains = (core: Core, cost: number) => {
  const passwords = new Passwords(core.roots, cost);
  const apiKeys = new ApiKeys(core);
  const countSignin = measure(core.health.metrics, {
    passwordsWaiting: () => passwords.waiting,
    backlog: () => core.outbox.count(),
  });
  const audit = wireAudit(core);
  const signins = wireSignins(core);
  const throttling = wireThrottling(core);
  const secondStep = wireSecondStep({ ...core, apiKeys, ...signins, ...throttling });
  const accessTokens = wireAccessTokens({ ...core, ...signins, ...throttling });
  const base = { ...core, passwords, apiKeys, countSignin, ...signins, ...throttling, ...secondStep, ...accessTokens };
  const programLogins = wireProgramLogins(base);
  const setupLinks = wireSetupLinks(base);
  const avatars = wireAvatars(base);
  const preferences = wirePreferences(base);
  const accounts = wireAccounts({ ...base, ...setupLinks, ...avatars, ...preferences });
  const secondFactors = wireSecondFactors({ ...base, ...accounts });
  const oidc = wireOidc({ ...base, ...setupLinks, ...accounts });
  const factorPolicy = wireFactorPolicy(base);
  const users = wireUsers({ ...base, ...setupLinks, ...accounts });
  const browserSessions = wireBrowserSessions(base);
  return {
    apiKeys,
    accounts: accounts.accounts,
    auditLog: audit.auditLog,
    lastSeen: signins.lastSeen,
    accessTokens: accessTokens.accessTokens,
    answerAccessTokens: accessTokens.answerAccessTokens,
    mounts: [
      accounts.mountAccounts,
      signins.mountSignins,
      secondFactors.mountSecondFactors,
      oidc.mountOidc,
      factorPolicy.mountFactorPolicy,
      accessTokens.mountAccessTokens,
      programLogins.mountProgramLogins,
      users.mountUsers,
      setupLinks.mountSetupLinks,
      avatars.mountAvatars,
      preferences.mountPreferences,
      browserSessions.mountBrowserSession,
      audit.mountAudit,
    ],
  };
};
