import { parseCommandLine, UsageError } from '@webxterm/shared/command-line';

export interface BenchOptions {
  /** Names of the rows to measure; empty: all of them. */
  readonly rows: readonly string[];
  readonly repeats: number;
  /** Keys of one repeat of an echo. */
  readonly keys: number;
  /** Megabytes of one repeat of bulk output. */
  readonly megabytes: number;
  /** Between the far machine and the hub, each way, ms. */
  readonly delayMs: number;
  /** Keys typed while relays die. */
  readonly faultKeys: number;
  readonly agents: number;
  readonly sessions: number;
  /** The fleet's agents and viewers come by TLS. */
  readonly tls: boolean;
  readonly list: boolean;
  readonly json: boolean;
  readonly strict: boolean;
  readonly help: boolean;
  readonly command: 'rows' | 'load' | 'hops';
}

export const help = `Usage: npm run bench -- [load | hops] [options]

Without a command it measures the budgets and says which are met.

Commands:
  load              hold many idle agents and terminals, and say what they cost
  hops              processor time of each hop for bulk output

Options:
  --rows a,b        only these (see --list)
  --list            the rows there are
  --repeats n       repeats of what is compared side by side (3)
  --keys n          keys of one repeat of an echo (400)
  --megabytes n     output of one repeat of bulk (60)
  --delay-ms n      to the far machine, each way (25: a round trip of 50)
  --fault-keys n    keys typed, one every 5 ms, while relays die (5000)
  --agents n        agents of the fleet (3000; load: 10000)
  --sessions n      terminals of the fleet, on so many of its agents (1500; load: 5000)
  --tls             the fleet comes by TLS, as from other machines
  --json            verdicts as JSON on stdout
  --strict          exit with 1 when a budget is not met
  -h, --help        show this text and start nothing

Settings, from the environment:
  WEBXTERM_CACHE_DIR  where fetched servers are kept

Examples:
  npm run bench -- --rows echo,bulk --repeats 5
  npm run bench -- load --agents 2000 --sessions 500

Progress goes to stderr, the table to stdout. Everything runs on loopback and ends with the run.`;

/** Sizes of the fleet: `rows` in the time of a whole run, `load` as in the budgets. */
const fleets = { rows: { agents: '3000', sessions: '1500' }, load: { agents: '10000', sessions: '5000' } };

/** Numbers are counts above 0: a run of nothing would meet every budget. */
const count = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000)
    throw new UsageError(`--${name} must be a whole number from 1 to 1000000, not ${JSON.stringify(text)}`);
  return value;
};

/** @throws UsageError that says which option is wrong */
export const parseOptions = (args: readonly string[]): BenchOptions => {
  const { values, positionals } = parseCommandLine(args, {
    positionals: 1,
    options: {
      rows: { type: 'string', default: '' },
      repeats: { type: 'string', default: '3' },
      keys: { type: 'string', default: '400' },
      megabytes: { type: 'string', default: '60' },
      'delay-ms': { type: 'string', default: '25' },
      'fault-keys': { type: 'string', default: '5000' },
      agents: { type: 'string' },
      sessions: { type: 'string' },
      tls: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
    },
  });
  const [command] = positionals;
  if (command !== undefined && command !== 'load' && command !== 'hops')
    throw new UsageError(`Unknown command '${command}': there are load and hops`);
  const fleet = command === 'load' ? fleets.load : fleets.rows;
  return {
    rows: values.rows.split(',').filter((name) => name !== ''),
    repeats: count('repeats', values.repeats),
    keys: count('keys', values.keys),
    megabytes: count('megabytes', values.megabytes),
    delayMs: count('delay-ms', values['delay-ms']),
    faultKeys: count('fault-keys', values['fault-keys']),
    agents: count('agents', values.agents ?? fleet.agents),
    sessions: count('sessions', values.sessions ?? fleet.sessions),
    tls: values.tls,
    list: values.list,
    json: values.json,
    strict: values.strict,
    help: values.help,
    command: command ?? 'rows',
  };
};
