import { isLoopback } from '@webxterm/contracts/loopback';
import { exitForUsage, exitWithHelp } from '@webxterm/shared/command-line';
import { keepPublished } from './agent-package/keep-published.ts';
import { requestsHelp, startHelp } from './command-line.ts';
import { readState, updateState } from './data-dir/state.ts';
import { failureText } from './failure.ts';
import { fingerprint } from './pki/authority.ts';
import { readSettings, type StackSettings } from './settings.ts';
import { stackFile } from './stack-file.ts';
import { beginStack, type Stack, type StartingStack } from './start-stack.ts';
import { consoleReporter, type Reporter } from './supervision/reporter.ts';

const terminal = process.stdout.isTTY;
const reporter: Reporter = consoleReporter(process.stdout, terminal);

/** The password is shown once and only on a terminal. Later, and in a log, only the path of its file is shown. */
const howToSignIn = (stack: Stack, dataDir: string): string => {
  if (!terminal || readState(dataDir).adminShown === true)
    return `  sign in as ${stack.admin.email}; the password is in ${stackFile(dataDir)}`;
  updateState(dataDir, { adminShown: true });
  return `  sign in as ${stack.admin.email} with the password ${stack.admin.password} (shown this once; it stays in ${stackFile(dataDir)})`;
};

const aboutTls = (stack: Stack, { host, tls }: StackSettings): string[] => {
  if (stack.ca !== undefined)
    return [
      `  its certificates are of its own private CA, ${fingerprint(stack.ca)}:`,
      '  browsers ask once, agents want it as --ca-fingerprint',
    ];
  return isLoopback(host) || tls
    ? []
    : [
        '  this is plain HTTP on a network address: put TLS in front. Agents on other machines need TLS too; their port stays on loopback',
      ];
};

const welcome = (stack: Stack, settings: StackSettings): string[] => [
  '',
  `WebXTerm is ready: ${stack.url}`,
  howToSignIn(stack, settings.dataDir),
  settings.signup === 'open'
    ? '  anyone who reaches this address may sign up; WEBXTERM_SIGNUP=closed npm start ends that'
    : '  sign-up is closed',
  ...aboutTls(stack, settings),
  '  Ctrl-C stops everything',
  '',
];

const endOnSignals = (starting: StartingStack): void => {
  let stopping = false;
  const end = (): void => {
    if (stopping) {
      starting.kill();
      process.exit(130);
    }
    stopping = true;
    reporter.say('stopping everything (Ctrl-C again ends it at once) …');
    void starting.stop().then(() => {
      reporter.say('stopped');
      process.exit(0);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
};

const fail = (error: unknown): never => {
  process.stderr.write(`\n${failureText(error)}\n`);
  process.exit(1);
};

try {
  if (requestsHelp(process.argv.slice(2))) exitWithHelp(startHelp);
} catch (error) {
  exitForUsage(error, startHelp);
}

try {
  const settings = readSettings();
  const starting = beginStack(settings, reporter);
  endOnSignals(starting);
  const stack = await starting.ready;
  for (const line of welcome(stack, settings)) reporter.say(line);
  const stopPublishing = keepPublished({
    dataDir: settings.dataDir,
    host: stack.url,
    environment: settings.environment,
    say: (text) => reporter.say(text),
  });
  process.on('exit', stopPublishing);
  const failure = await stack.failed;
  await stack.stop();
  fail(failure);
} catch (error) {
  fail(error);
}
