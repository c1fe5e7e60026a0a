import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '@webxterm/stack';
import { type BarePath, startBarePath } from './bare-path/bare-path.ts';
import { judge, table } from './judge.ts';
import { measureBulk } from './measure/bulk.ts';
import { type Echo, measureEcho } from './measure/echo.ts';
import { findProduct, openProduct, type Product, temporaryFolder } from './product.ts';
import type { Row } from './report.ts';
import type { Shell } from './shell.ts';

const options = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '5' },
    keys: { type: 'string', default: '500' },
    megabytes: { type: 'string', default: '100' },
  },
}).values;
const repeats = Number(options.repeats);

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const withShell = async <T>(open: () => Promise<Shell>, measure: (shell: Shell) => Promise<T>): Promise<T> => {
  const shell = await open();
  try {
    return await measure(shell);
  } finally {
    shell.close();
  }
};

/** The two paths in turn, so that a machine that slows down hits both. */
const alternate = async <T>(
  what: string,
  product: Product,
  bare: BarePath,
  measure: (shell: Shell) => Promise<T>,
): Promise<{ product: T[]; bare: T[] }> => {
  const results: { product: T[]; bare: T[] } = { product: [], bare: [] };
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    say(`${what}: ${repeat} of ${repeats}`);
    results.bare.push(await withShell(() => bare.open(), measure));
    results.product.push(await withShell(() => openProduct(product), measure));
  }
  return results;
};

const echoRow = (quantile: keyof Echo, atMost: number, echoes: { product: Echo[]; bare: Echo[] }): Row => ({
  name: `key echo, idle, ${quantile}`,
  unit: 'ms',
  product: echoes.product.map((echo) => echo[quantile]),
  reference: { name: 'bare path', values: echoes.bare.map((echo) => echo[quantile]) },
  budget: { kind: 'ratio', atMost },
});

const measureAll = async (product: Product, bare: BarePath): Promise<Row[]> => {
  const echoes = await alternate('key echo', product, bare, (shell) => measureEcho(shell, Number(options.keys)));
  const bulk = await alternate('bulk output', product, bare, (shell) =>
    measureBulk(shell, Number(options.megabytes) * 1e6),
  );
  return [
    echoRow('p50', 1.25, echoes),
    echoRow('p99', 1.5, echoes),
    {
      name: 'bulk output',
      unit: 'MB/s',
      product: bulk.product,
      reference: { name: 'bare path', values: bulk.bare },
      budget: { kind: 'ratio', atLeast: 0.9 },
    },
  ];
};

const folder = temporaryFolder();
say('starting the product and the bare path');
const stack = await startStack({ dataDir: join(folder.path, 'data'), home: folder.path });
const bare = await startBarePath();
try {
  const verdicts = (await measureAll(await findProduct(stack.url, stack.admin), bare)).map(judge);
  process.stdout.write(options.json ? `${JSON.stringify(verdicts, null, 2)}\n` : `${table(verdicts)}\n`);
} finally {
  bare.stop();
  await stack.stop();
  folder.remove();
}
