import { userInfo } from 'node:os';
import { withinDeadline } from '@webxterm/contracts/deadline';
import { AppError, ConfigError, createLogger, inRequestScope, Shutdown } from '@webxterm/shared';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import { exitForUsage, exitWithHelp } from '@webxterm/shared/command-line';
import { connectMongo } from '@webxterm/shared/mongo';
import { AccessTokenStore } from '../access-tokens/access-token-store.ts';
import { UserStore } from '../accounts/user-store.ts';
import { Outbox } from '../outbox/outbox.ts';
import { Passwords } from '../passwords/passwords.ts';
import { bcryptCost } from '../passwords/stored-password.ts';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { SecondFactorStore } from '../second-factors/second-factor-store.ts';
import { readOperatorSettings } from '../settings.ts';
import { SetupLinkStore } from '../setup-links/setup-link-store.ts';
import { SigninStore } from '../signins/signin-store.ts';
import { Signins } from '../signins/signins.ts';
import { UserAdmin } from '../users/user-admin.ts';
import { type OperatorArguments, operatorUsage, readOperatorArguments } from './command-line.ts';
import { OperatorCommands } from './commands.ts';

/** This process is not connected to the bus, so the running service does the pending work there. */
const later = { settle: async () => {}, settleNew: async () => {} };

/** Time limit for connecting to the database, in ms, because a person waits for it. */
const mongoWithinMs = 10_000;

const databaseIsAway = (): AppError =>
  new AppError('unavailable', 'MongoDB does not answer. Is it running? Start it (npm start), then try again.');

const connect = async (shutdown: Shutdown): Promise<OperatorCommands> => {
  const settings = readOperatorSettings();
  const logger = createLogger({ service: 'admin', level: 'warn' });
  const connecting = connectMongo({ url: settings.MONGO_URL, logger, shutdown });
  const connection = await withinDeadline(mongoWithinMs, connecting, databaseIsAway);
  const users = new UserStore(connection);
  const store = new SigninStore(connection);
  const outbox = new Outbox(connection);
  const auditor = new Auditor({ bus: undefined, outbox: new AuditOutbox(connection), logger });
  const signins = new Signins({
    connection,
    store,
    users,
    outbox,
    worker: later,
    jwtKeys: [],
    // No sign-in begins through this process.
    clock: { require: () => {} },
    maxPerUser: Number.POSITIVE_INFINITY,
    auditor,
  });
  const passwords = new Passwords(deriveRootKeys(settings.ROOT_KEY), bcryptCost);
  const admin = new UserAdmin({
    connection,
    users,
    store,
    tokens: new AccessTokenStore(connection),
    outbox,
    worker: later,
    auditor,
  });
  const links = new SetupLinkStore(connection);
  const factors = new SecondFactorStore(connection);
  return new OperatorCommands({ connection, users, store, links, factors, passwords, signins, admin, auditor });
};

const run = async ({ command, subject }: OperatorArguments, shutdown: Shutdown): Promise<string> => {
  const commands = await connect(shutdown);
  if (command === 'users') return commands.users(subject);
  if (command === 'reset-password') return commands.resetPassword(subject);
  if (command === 'reset-second-factor') return commands.resetSecondFactor(subject);
  if (command === 'promote') return commands.promote(subject);
  return commands.endSignins(subject);
};

/** The user of a container may have no name. */
const unixUser = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
};

/** The operator. The commands are audited under this name. */
const operatorScope = {
  requestId: '',
  clientIp: '',
  userAgent: '',
  caller: undefined,
  operator: unixUser(),
};

const readArguments = (): OperatorArguments => {
  try {
    const read = readOperatorArguments(process.argv.slice(2));
    return read === 'help' ? exitWithHelp(operatorUsage) : read;
  } catch (error) {
    return exitForUsage(error, operatorUsage);
  }
};

const wanted = readArguments();
const shutdown = new Shutdown(createLogger({ service: 'admin', level: 'error' }));
try {
  const answer = await inRequestScope(operatorScope, () => run(wanted, shutdown));
  process.stdout.write(`${answer}\n`);
} catch (error) {
  const known = error instanceof AppError || error instanceof ConfigError;
  process.stderr.write(`${known ? error.message : String(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
} finally {
  await shutdown.run();
  // Otherwise a pending connection would keep the process alive.
  process.exit();
}
