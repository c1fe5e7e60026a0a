import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

/**
 * `npm run faults -- --times 20 --outage 60`: the whole matrix so many times in a row, each on a new stack, with NATS and
 * MongoDB gone for so many seconds. Ends with 1 when any of them was not green.
 */
const options = {
  times: { type: 'string', default: '1' },
  outage: { type: 'string', default: '60' },
} as const;
const { values } = parseArgs({ options });
const times = Number(values.times);
const outage = Number(values.outage);
if (!Number.isInteger(times) || times < 1 || !Number.isFinite(outage) || outage < 0) {
  process.stderr.write('usage: npm run faults -- [--times <how often>] [--outage <seconds without NATS or MongoDB>]\n');
  process.exit(2);
}

let green = 0;
for (let round = 1; round <= times; round += 1) {
  const vitest = await startVitest('test', ['e2e/faults/matrix'], {
    watch: false,
    project: ['e2e'],
    testTimeout: 120_000 + outage * 1000,
    provide: { outageMs: outage * 1000 },
  });
  if (vitest.state.getCountOfFailedTests() === 0 && vitest.state.getFiles().length > 0) green += 1;
  await vitest.close();
  process.stdout.write(`faults: ${green} of ${round} rounds were green\n`);
}
process.exitCode = green === times ? 0 : 1;
