import { parseCommandLine } from '@webxterm/shared/command-line';

export const verifyUsage = `Usage: npm run audit:verify

Checks that the audit log is complete and unchanged. Exits with 0 if it is, 1 if it is not, 2 if the check failed.

Options:
  -h, --help         show this text and check nothing

Settings, from the environment:
  WEBXTERM_DATA_DIR  the folder of the running \`npm start\` (.webxterm)
  NATS_URL           NATS, where \`npm start\` uses servers of your own

Examples:
  npm run audit:verify
  docker compose exec auth node src/audit/verify-main.ts`;

/** @throws UsageError that names the first unknown argument */
export const requestsVerifyHelp = (args: readonly string[]): boolean =>
  parseCommandLine(args, { options: {}, positionals: 0 }).values.help;
