import { parseCommandLine, UsageError } from '@webxterm/shared/command-line';

export const operatorUsage = `Usage: npm run admin -- COMMAND

Recovers access to the installation from a shell on the server.

Commands:
  users [PART]              list users, or those with PART in name or e-mail address
  reset-password EMAIL      give a user a new random password, and end all their sign-ins
  reset-second-factor EMAIL let a user sign in with the password alone, and end all their sign-ins
  promote EMAIL             make a user an enabled administrator
  end-sign-ins EMAIL        sign a user out everywhere

Options:
  -h, --help                show this text and do nothing

Settings, from the environment:
  WEBXTERM_DATA_DIR         the folder of the running \`npm start\` (.webxterm)
  MONGO_URL, ROOT_KEY       where the program of auth is run by itself: as the auth service has them, or as
                            MONGO_URL_FILE and ROOT_KEY_FILE

Examples:
  npm run admin -- users ann
  npm run admin -- reset-password ann@example.org
  docker compose exec auth node src/operator/main.ts users`;

const commands = ['users', 'reset-password', 'reset-second-factor', 'promote', 'end-sign-ins'] as const;

export interface OperatorArguments {
  readonly command: (typeof commands)[number];
  /** A part of a name for `users`, otherwise an e-mail address. Empty if `users` has no argument. */
  readonly subject: string;
}

/**
 * The command of the operator; `help` for the usage.
 * @throws UsageError that names the unknown or missing argument
 */
export const readOperatorArguments = (args: readonly string[]): OperatorArguments | 'help' => {
  const { values, positionals } = parseCommandLine(args, { options: {}, positionals: 2 });
  if (values.help) return 'help';
  const [word, subject] = positionals;
  if (word === undefined) throw new UsageError('A command is missing');
  const command = commands.find((known) => known === word);
  if (command === undefined) throw new UsageError(`Unknown command '${word}'`);
  if (command !== 'users' && subject === undefined) throw new UsageError(`'${command}' needs an e-mail address`);
  return { command, subject: subject ?? '' };
};
