import { describeSettings } from '@webxterm/shared';
import { parseCommandLine } from '@webxterm/shared/command-line';
import { startShape } from './settings.ts';

const settingLines = describeSettings(startShape).flatMap(({ name, standard, allowed, meaning }) => {
  const facts = [allowed, standard === undefined ? '' : `default: ${standard}`].filter((fact) => fact !== '');
  return [`  ${name}`, `      ${meaning}`, ...(facts.length === 0 ? [] : [`      (${facts.join('; ')})`])];
});

/** Help text for a terminal, without Markdown. */
export const startHelp = `Usage: npm start [-- --help]

Starts the whole of WebXTerm on this machine until Ctrl-C. Its last lines say how to sign in.

Options:
  -h, --help  show this text and start nothing

Settings, from the environment (an empty value counts as the default):
${settingLines.join('\n').replaceAll(/[`*]/g, '')}

Examples:
  npm start
  WEBXTERM_PORT=9000 WEBXTERM_SIGNUP=closed npm start
  WEBXTERM_HOST=0.0.0.0 WEBXTERM_REPLICAS=2 npm start

More: docs/settings.md, docs/operations.md`;

/** @throws UsageError that names the first unknown argument */
export const requestsHelp = (args: readonly string[]): boolean =>
  parseCommandLine(args, { options: {}, positionals: 0 }).values.help;
