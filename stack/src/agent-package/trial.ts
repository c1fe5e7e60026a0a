import { exitForUsage, exitWithHelp, parseCommandLine, UsageError } from '@webxterm/shared/command-line';
import { startVitest } from 'vitest/node';

const usage = `Usage: npm run trial:updates -- [options]

Updates and rolls back a running agent with open shells: numbered lines, typed words, an editor and exit codes are checked. Kills it at each
step of an update, and updates it to a version that cannot connect. Then updates many simulated agents through one hub, and gives some of
them a version that does not work. Takes minutes.

Settings, from the environment:
  WEBXTERM_CACHE_DIR  where fetched servers are kept

Options:
  --updates N     updates (20)
  --roll-backs N  roll-backs between them (5)
  --shells N      more shells that print numbered lines (30)
  --fleet N       simulated agents that update at once (1000)
  -h, --help      show this text and start nothing

Examples:
  npm run trial:updates
  npm run trial:updates -- --updates 100 --roll-backs 1 --shells 0`;

const options = {
  updates: { type: 'string', default: '20' },
  'roll-backs': { type: 'string', default: '5' },
  shells: { type: 'string', default: '30' },
  fleet: { type: 'string', default: '1000' },
} as const;

const wholeNumber = (name: string, text: string, [least, most]: readonly [number, number]): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} must be ${least} to ${most}, not ${JSON.stringify(text)}`);
};

const readOptions = () => {
  try {
    const { values } = parseCommandLine(process.argv.slice(2), { options, positionals: 0 });
    if (values.help) return exitWithHelp(usage);
    const updates = wholeNumber('updates', values.updates, [1, 1000]);
    return {
      updates,
      rollBacks: wholeNumber('roll-backs', values['roll-backs'], [1, Math.min(20, updates)]),
      // An agent has at most 64, and three are open already.
      shells: wholeNumber('shells', values.shells, [0, 61]),
      fleet: wholeNumber('fleet', values.fleet, [20, 5000]),
    };
  } catch (error) {
    return exitForUsage(error, usage);
  }
};

const { fleet, ...updateTrial } = readOptions();
const vitest = await startVitest('test', ['stack/src/agent-package/hand-over', 'agent-hub/src/updates/fleet-updates'], {
  config: 'vitest.trials.config.ts',
  watch: false,
  testNamePattern: /keeps output|is killed when|cannot connect|agents update at once|bad version in a wave/,
  provide: { updateTrial, fleetTrial: fleet },
});
process.exitCode = vitest.state.getCountOfFailedTests() === 0 && vitest.state.getFiles().length > 0 ? 0 : 1;
await vitest.close();
