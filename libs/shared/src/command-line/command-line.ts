import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { reasonOf } from '../errors.ts';

/** The arguments of a program are invalid. The message names the first invalid one. The process exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const helpOption = { help: { type: 'boolean', short: 'h', default: false } } as const satisfies ParseArgsOptionsConfig;

interface Grammar<O extends ParseArgsOptionsConfig> {
  readonly options: O;
  /** The maximum number of positional arguments. */
  readonly positionals: number;
}

/** The first sentence of the message of `parseArgs`, which names the argument. The remainder explains how to bypass the check. */
const firstSentence = (error: unknown): string => reasonOf(error).replace(/\. (To specify|This command) [\s\S]*$/, '');

/**
 * Parses `args` with the given options and with `--help` and `-h`.
 * @throws UsageError for an unknown option, an option without its value, or one argument too many
 */
export const parseCommandLine = <const O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  { options, positionals: most }: Grammar<O>,
) => {
  try {
    const all = { ...options, ...helpOption };
    const { values, positionals } = parseArgs({ args: [...args], options: all, allowPositionals: true });
    const tooMany = positionals[most];
    if (tooMany !== undefined) throw new UsageError(`Unexpected argument '${tooMany}'`);
    return { values, positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(firstSentence(error), { cause: error });
  }
};

/** Prints the usage to stdout and exits with 0. */
export const exitWithHelp = (usage: string): never => {
  process.stdout.write(`${usage}\n`);
  return process.exit(0);
};

/** Prints the invalid argument and the usage to stderr and exits with 2. Rethrows any other error. */
export const exitForUsage = (error: unknown, usage: string): never => {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}\n`);
  return process.exit(2);
};
