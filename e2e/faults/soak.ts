import { exitForUsage, exitWithHelp, parseCommandLine, UsageError } from '@webxterm/shared/command-line';
import { startVitest } from 'vitest/node';

const usage = `Usage: npm run faults -- [options]

Runs the whole fault matrix again and again, each round on a new stack. Exits with 1 when a round was not green.

Options:
  --times N         rounds (1)
  --outage SECONDS  for which NATS and MongoDB are away in each round (60)
  --flood MIB       sends this much by a slow viewer after the rounds and compares the memory of the relays (0: not)
  -h, --help        show this text and start nothing

Settings, from the environment:
  WEBXTERM_CACHE_DIR  where fetched servers are kept

Examples:
  npm run faults -- --times 20 --outage 10
  npm run faults -- --times 0 --flood 1024`;

const options = {
  times: { type: 'string', default: '1' },
  outage: { type: 'string', default: '60' },
  flood: { type: 'string', default: '0' },
} as const;

const atLeastZero = (name: string, text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value;
  throw new UsageError(`--${name} must be a number of 0 or more, not ${JSON.stringify(text)}`);
};

const readOptions = () => {
  try {
    const { values } = parseCommandLine(process.argv.slice(2), { options, positionals: 0 });
    if (values.help) return exitWithHelp(usage);
    const times = atLeastZero('times', values.times);
    if (!Number.isInteger(times)) throw new UsageError('--times must be a whole number');
    return { times, outage: atLeastZero('outage', values.outage), flood: atLeastZero('flood', values.flood) };
  } catch (error) {
    return exitForUsage(error, usage);
  }
};

const { times, outage, flood } = readOptions();

const isGreen = async (file: string, seconds: number, provide: { outageMs?: number; floodMiB?: number }) => {
  const vitest = await startVitest('test', [file], {
    config: 'vitest.trials.config.ts',
    watch: false,
    project: ['e2e', 'measuring'],
    testTimeout: 120_000 + seconds * 1000,
    provide,
  });
  const green = vitest.state.getCountOfFailedTests() === 0 && vitest.state.getFiles().length > 0;
  await vitest.close();
  return green;
};

let green = 0;
for (let round = 1; round <= times; round += 1) {
  if (await isGreen('e2e/faults/matrix', outage, { outageMs: outage * 1000 })) green += 1;
  process.stdout.write(`faults: ${green} of ${round} rounds were green\n`);
}
const flat = flood === 0 || (await isGreen('e2e/faults/relays', flood, { floodMiB: flood }));
process.exitCode = green === times && flat ? 0 : 1;
