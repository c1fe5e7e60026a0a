import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitForUsage, exitWithHelp, parseCommandLine, UsageError } from '@webxterm/shared/command-line';
import { reasonOf, StackFailure } from '../failure.ts';

const shortest = 12;

/** The first line of a file. @throws StackFailure if it cannot be read, or is too short */
export const readPassphrase = (file: string): string => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new StackFailure(`the file of the passphrase cannot be read: ${reasonOf(error)}`);
  }
  const [passphrase = ''] = text.split(/\r?\n/, 1);
  if (passphrase.length < shortest)
    throw new StackFailure(`the passphrase in ${file} is shorter than ${shortest} characters: choose a longer one`);
  return passphrase;
};

/** The arguments of both programs. `standard`: the file of the backup if none is named. Undefined: it must be named. */
export const readArguments = (
  usage: string,
  standard: string | undefined,
): { readonly passphraseFile: string; readonly path: string } => {
  try {
    const options = { 'passphrase-file': { type: 'string' } } as const;
    const { values, positionals } = parseCommandLine(process.argv.slice(2), { options, positionals: 1 });
    if (values.help) return exitWithHelp(usage);
    const passphraseFile = values['passphrase-file'];
    const path = positionals[0] ?? standard;
    if (passphraseFile === undefined) throw new UsageError('--passphrase-file is missing');
    if (path === undefined) throw new UsageError('the file of the backup is missing');
    return { passphraseFile, path: resolve(path) };
  } catch (error) {
    return exitForUsage(error, usage);
  }
};
