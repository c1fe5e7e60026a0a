import { withinDeadline } from '@webxterm/contracts/deadline';
import { exitForUsage, UsageError } from '@webxterm/shared/command-line';
import { Bed } from './bed.ts';
import { hopsTable } from './hops/hops.ts';
import { failed, judge, table } from './judge.ts';
import { type BenchOptions, help, parseOptions } from './options.ts';
import type { Verdict } from './report.ts';
import { fleet } from './rows/fleet.ts';
import type { RowGroup } from './rows/row-group.ts';
import { chooseRows, rowGroups } from './rows/row-groups.ts';

/** Ten minutes, and on a slow machine twice what the keys take to type, and as long again for a whole fleet to come in. */
const giveUpAfterMs = ({ faultKeys, agents }: BenchOptions): number => 600_000 + 10 * faultKeys + 60 * agents;

/** A row that waits for bytes that were lost waits for ever. */
const tooLate = (ms: number): Error => new Error(`not done within ${Math.round(ms / 60_000)} minutes`);

/** With its cause: `fetch failed` alone says nothing. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
};

/** One row that cannot be measured does not cost the others their figures. */
const measure = async (bed: Bed, group: RowGroup): Promise<Verdict[]> => {
  const ms = giveUpAfterMs(bed.options);
  try {
    return (await withinDeadline(ms, group.measure(bed), () => tooLate(ms))).map(judge);
  } catch (error) {
    return [failed(group.name, reasonOf(error))];
  }
};

const measureRows = async (bed: Bed, options: BenchOptions): Promise<Verdict[]> => {
  const groups = options.command === 'load' ? [fleet] : chooseRows(options.rows);
  const verdicts: Verdict[] = [];
  for (const group of groups) verdicts.push(...(await measure(bed, group)));
  return verdicts;
};

/** Ends whatever the bed started, also when it is interrupted. */
const onBed = async <T>(options: BenchOptions, act: (bed: Bed) => Promise<T>): Promise<T> => {
  const bed = new Bed(options);
  const interrupted = (): void => void bed.end().then(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await act(bed);
  } finally {
    await bed.end();
  }
};

const run = async (options: BenchOptions): Promise<void> => {
  if (options.help) return void process.stdout.write(`${help}\n`);
  if (options.list) {
    const width = Math.max(...rowGroups.map(({ name }) => name.length));
    for (const { name, about } of rowGroups) process.stdout.write(`${name.padEnd(width)}  ${about}\n`);
    return;
  }
  if (options.command === 'hops') return void process.stdout.write(`${await onBed(options, hopsTable)}\n`);
  const verdicts = await onBed(options, (bed) => measureRows(bed, options));
  process.stdout.write(options.json ? `${JSON.stringify(verdicts, null, 2)}\n` : `${table(verdicts)}\n`);
  const broken = verdicts.some(({ failure }) => failure !== undefined);
  if (broken || (options.strict && verdicts.some(({ met }) => !met))) process.exitCode = 1;
};

try {
  await run(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (error instanceof UsageError) exitForUsage(error, help);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
