import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitForUsage, exitWithHelp } from '@webxterm/shared/command-line';
import { reasonOf, StackFailure } from './failure.ts';
import { readSettings, type StackSettings } from './settings.ts';

const requireFile = (path: string): string => {
  if (existsSync(path)) return path;
  throw new StackFailure(
    `${path} is not there: run npm start first, with the same WEBXTERM_DATA_DIR, and leave it running`,
  );
};

const started = (program: string, env: Record<string, string>): number => {
  const path = fileURLToPath(new URL(`../../services/auth/src/${program}`, import.meta.url));
  const args = ['--disable-sigusr1', path, ...process.argv.slice(2)];
  return spawnSync(process.execPath, args, { env, stdio: 'inherit' }).status ?? 1;
};

const run = (program: string, environmentOf: (settings: StackSettings) => Record<string, string>): number => {
  const settings = readSettings();
  const secret = (name: string): string => requireFile(join(settings.dataDir, 'secrets', name));
  const env = {
    PATH: settings.environment.PATH ?? '',
    MONGO_URL_FILE: secret('mongo-url-auth'),
    ROOT_KEY_FILE: secret('root-key'),
    ...environmentOf(settings),
  };
  return started(program, env);
};

interface CommandLine {
  readonly usage: string;
  /** Whether the arguments request the help text. @throws UsageError that names a wrong argument */
  readonly requestsHelp: (args: readonly string[]) => boolean;
}

/** Checked first, because neither the help text nor a wrong argument needs a running stack. */
const checkArguments = ({ usage, requestsHelp }: CommandLine): void => {
  try {
    if (requestsHelp(process.argv.slice(2))) exitWithHelp(usage);
  } catch (error) {
    exitForUsage(error, usage);
  }
};

/** Runs a program of the auth service on the data folder of a running `npm start`. This process exits with its exit code. */
export const runAuthProgram = (
  program: string,
  commandLine: CommandLine,
  environmentOf: (settings: StackSettings) => Record<string, string> = () => ({}),
  failed = 1,
): void => {
  checkArguments(commandLine);
  try {
    process.exitCode = run(program, environmentOf);
  } catch (error) {
    process.stderr.write(`${error instanceof StackFailure ? reasonOf(error) : String(error)}\n`);
    process.exitCode = failed;
  }
};
