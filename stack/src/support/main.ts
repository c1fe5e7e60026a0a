import { exitForUsage, exitWithHelp, parseCommandLine } from '@webxterm/shared/command-line';
import { failureText } from '../failure.ts';
import { readSettings } from '../settings.ts';
import { bundleFiles, writeBundle } from './bundle.ts';

const usage = `Usage: npm run support [-- FILE]

Writes a bundle for a question to others: the findings of the doctor, the end of each log, the metrics, and which settings are set.
Secrets are replaced by [hidden]. Names, addresses and e-mail addresses stay in the logs: read the bundle before you share it.

FILE is the new archive, webxterm-support-<time>.tar.gz by default. An existing file is not overwritten.

Options:
  -h, --help    show this text and do nothing

Settings, from the environment:
  WEBXTERM_DATA_DIR         the folder of npm start (.webxterm)

Examples:
  npm run support
  npm run support -- /tmp/question.tar.gz`;

const readFile = (): string => {
  try {
    const { values, positionals } = parseCommandLine(process.argv.slice(2), { options: {}, positionals: 1 });
    if (values.help) return exitWithHelp(usage);
    const time = new Date().toISOString().replaceAll(/[:.]/g, '-');
    return positionals[0] ?? `webxterm-support-${time}.tar.gz`;
  } catch (error) {
    return exitForUsage(error, usage);
  }
};

const path = readFile();
try {
  const files = await bundleFiles(readSettings());
  await writeBundle(path, files);
  process.stdout.write(
    `${path}: ${files.size} files, without the secrets of the installation. Read it before you share it.\n`,
  );
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = 1;
}
