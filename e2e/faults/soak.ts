import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

/**
 * `npm run faults -- --times 20 --outage 60`: the whole matrix so many times in a row, each on a new stack, with NATS and
 * MongoDB gone for so many seconds. `--flood 1024`: then so many MiB by a slow viewer, with the relays' memory looked at.
 * Ends with 1 when any of them was not green.
 */
const options = {
  times: { type: 'string', default: '1' },
  outage: { type: 'string', default: '60' },
  flood: { type: 'string', default: '0' },
} as const;
const { values } = parseArgs({ options });
const times = Number(values.times);
const outage = Number(values.outage);
const flood = Number(values.flood);
if (!Number.isInteger(times) || times < 0 || !(outage >= 0) || !(flood >= 0)) {
  process.stderr.write(
    'usage: npm run faults -- [--times <how often>] [--outage <seconds without NATS or MongoDB>] [--flood <MiB>]\n',
  );
  process.exit(2);
}

const isGreen = async (file: string, seconds: number, provide: { outageMs?: number; floodMiB?: number }) => {
  const vitest = await startVitest('test', [file], {
    watch: false,
    project: ['e2e'],
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
