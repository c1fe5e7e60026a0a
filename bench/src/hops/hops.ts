import type { Bed } from '../bed.ts';
import { openProduct } from '../product.ts';
import { measureBulk } from '../rows/bulk.ts';
import { type Shell, withShell } from '../shell.ts';
import { median } from '../statistics.ts';
import { type HopFigures, hopFigures, usedBetween } from './hop-figures.ts';

const hops = ['agent', 'hub', 'terminal', 'gateway', 'viewer'] as const;
type Hop = (typeof hops)[number];
type Pids = Readonly<Record<Hop, number>>;

/** One run: MB/s, and what each hop used for 100 MB. */
interface Run {
  readonly rate: number;
  readonly figures: ReadonlyMap<Hop, HopFigures>;
}

const processOf = { agent: 'agent', hub: 'agent-hub-1', terminal: 'terminal-1', gateway: 'gateway-1' } as const;

const runOnce = (open: () => Promise<Shell>, pids: Pids, bytes: number): Promise<Run> =>
  withShell(open, async (shell) => {
    const before = hops.map((hop) => hopFigures(pids[hop]));
    const rate = await measureBulk(shell, bytes);
    const figures = new Map<Hop, HopFigures>();
    for (const [index, hop] of hops.entries()) {
      const first = before[index];
      if (first !== undefined) figures.set(hop, usedBetween(first, hopFigures(pids[hop]), 100e6 / bytes));
    }
    return { rate, figures };
  });

const lineOf = (path: string, hop: Hop, runs: readonly Run[]): string => {
  const cells = (['loop', 'others', 'kernel', 'sleeps'] as const).map((figure) =>
    median(runs.map(({ figures }) => figures.get(hop)?.[figure] ?? Number.NaN))
      .toFixed(0)
      .padStart(8),
  );
  return `${path.padEnd(10)}${hop.padEnd(10)}${cells.join('')}`;
};

const tableOf = (path: string, runs: readonly Run[]): string[] => {
  const totals = runs.map(({ figures }) =>
    [...figures.values()].reduce((total, { loop, others }) => total + loop + others, 0),
  );
  const rate = median(runs.map((run) => run.rate)).toFixed(1);
  return [
    ...hops.map((hop) => lineOf(path, hop, runs)),
    `${path.padEnd(10)}all five  ${median(totals).toFixed(0).padStart(8)} ms; ${rate} MB/s`,
  ];
};

/**
 * Where the processor time of bulk output goes: medians per 100 MB of each hop, of the product and of the bare path in turn. Unlike
 * a rate it says much the same on a busy machine.
 */
export const hopsTable = async (bed: Bed): Promise<string> => {
  const product = await bed.product();
  const bare = await bed.bare();
  const viewer = process.pid;
  const pidOf = (hop: keyof typeof processOf): number => product.pidOf(processOf[hop]);
  const pids = {
    agent: pidOf('agent'),
    hub: pidOf('hub'),
    terminal: pidOf('terminal'),
    gateway: pidOf('gateway'),
    viewer,
  };
  const { megabytes, repeats } = bed.options;
  const runs: { bare: Run[]; product: Run[] } = { bare: [], product: [] };
  // The first one does not count: processes that were just started compile their code, and their heaps grow.
  for (let repeat = 0; repeat <= repeats; repeat += 1) {
    bed.say(repeat === 0 ? 'warming up' : `the hops of bulk output: ${repeat} of ${repeats}`);
    const ofBare = await runOnce(() => bare.open(), { ...bare.pids, viewer }, megabytes * 1e6);
    const ofProduct = await runOnce(() => openProduct(product), pids, megabytes * 1e6);
    if (repeat === 0) continue;
    runs.bare.push(ofBare);
    runs.product.push(ofProduct);
  }
  const head = `per 100 MB          loop ms  others  kernel  sleeps`;
  return [head, ...tableOf('bare path', runs.bare), ...tableOf('product', runs.product)].join('\n');
};
