import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { AppError, ConfigError, createLogger, Health, inRequestScope, Shutdown } from '@webxterm/shared';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import { connectMongo } from '@webxterm/shared/mongo';
import { UserStore } from '../accounts/user-store.ts';
import { LinkStore } from '../links/link-store.ts';
import { Outbox } from '../outbox/outbox.ts';
import { Passwords } from '../passwords/passwords.ts';
import { bcryptCost } from '../passwords/stored-password.ts';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { readOperatorSettings } from '../settings.ts';
import { SigninStore } from '../signins/signin-store.ts';
import { Signins } from '../signins/signins.ts';
import { UserAdmin } from '../users/user-admin.ts';
import { OperatorCommands } from './commands.ts';

const usage = `Usage: npm run admin -- COMMAND

  users [PART]              list users, or those with PART in name or e-mail address
  reset-password EMAIL      give a user a new random password, and end all their sign-ins
  promote EMAIL             make a user an enabled administrator
  end-sign-ins EMAIL        sign a user out everywhere

It needs MONGO_URL and ROOT_KEY (or MONGO_URL_FILE, ROOT_KEY_FILE), as the auth service has them.
`;

/** The running service does what is owed to the bus: this process is not on it. */
const later = { settle: async () => {} };

/** A person waits no longer than this for the database. */
const mongoWithinMs = 10_000;

const databaseIsAway = (): Promise<never> =>
  new Promise((_resolve, reject) => {
    const error = new AppError(
      'unavailable',
      'MongoDB does not answer. Is it running? Start it (npm start), then try again.',
    );
    setTimeout(() => reject(error), mongoWithinMs).unref();
  });

const connect = async (shutdown: Shutdown): Promise<OperatorCommands> => {
  const settings = readOperatorSettings();
  const logger = createLogger({ service: 'admin', level: 'warn' });
  const connecting = connectMongo({ url: settings.MONGO_URL, logger, health: new Health('admin'), shutdown });
  const connection = await Promise.race([connecting, databaseIsAway()]);
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
    // Nobody signs in by way of it.
    clock: { require: () => {} },
    maxPerUser: Number.POSITIVE_INFINITY,
    auditor,
  });
  const passwords = new Passwords(deriveRootKeys(settings.ROOT_KEY), bcryptCost);
  const admin = new UserAdmin({ connection, users, store, outbox, worker: later, auditor });
  const links = new LinkStore(connection);
  return new OperatorCommands({ connection, users, store, links, passwords, signins, admin, auditor });
};

const run = async ([command, subject]: readonly string[], shutdown: Shutdown): Promise<string | undefined> => {
  if (command === 'users') return (await connect(shutdown)).users(subject ?? '');
  if (subject === undefined) return undefined;
  if (command === 'reset-password') return (await connect(shutdown)).resetPassword(subject);
  if (command === 'promote') return (await connect(shutdown)).promote(subject);
  if (command === 'end-sign-ins') return (await connect(shutdown)).endSignins(subject);
  return undefined;
};

/** A container may run as a user without a name. */
const unixUser = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
};

/** Who types this: what the commands do is audited under the name. */
const operatorScope = {
  requestId: '',
  clientIp: '',
  userAgent: '',
  caller: undefined,
  operator: unixUser(),
};

/** The arguments; `help` where they ask for it, and a sentence where there is an option that is not known. */
const readArguments = (): { words: string[]; help: boolean; unknown: string | undefined } => {
  try {
    const options = { help: { type: 'boolean', short: 'h', default: false } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return { words: positionals, help: values.help, unknown: undefined };
  } catch (error) {
    return { words: [], help: false, unknown: error instanceof Error ? error.message : String(error) };
  }
};

const { words, help, unknown } = readArguments();
if (help) {
  process.stdout.write(usage);
  process.exit();
}
if (unknown !== undefined) {
  process.stderr.write(`${unknown}\n\n${usage}`);
  process.exit(2);
}

const shutdown = new Shutdown(createLogger({ service: 'admin', level: 'error' }));
try {
  const told = await inRequestScope(operatorScope, () => run(words, shutdown));
  if (told === undefined) process.exitCode = 2;
  (told === undefined ? process.stderr : process.stdout).write(told === undefined ? usage : `${told}\n`);
} catch (error) {
  const known = error instanceof AppError || error instanceof ConfigError;
  process.stderr.write(`${known ? error.message : String(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
} finally {
  await shutdown.run();
  // A connection that never came would be waited for.
  process.exit();
}
