import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bed, RunningProduct } from '../bed.ts';
import { openProduct, type ProductShell } from '../product.ts';
import { prepare, withShell } from '../shell.ts';
import { compareRecords, numberedRecords, recordLength } from './numbered-records.ts';
import type { RowGroup } from './row-group.ts';

const keyEveryMs = 5;
const arrivedWithinMs = 30_000;
/** Killed one after the other while keys are typed, each at its share of the way. */
const faults = [
  { at: 0.15, kill: 'terminal-1' },
  { at: 0.35, kill: 'agent-hub-1' },
  { at: 0.55, kill: 'gateway-1' },
  { at: 0.75, kill: 'agent-hub-1' },
] as const;

const typeUnderFaults = async (
  bed: Bed,
  product: RunningProduct,
  shell: ProductShell,
): Promise<{ lost: number; doubled: number }> => {
  const file = join(bed.folder('typed'), 'keys');
  const keys = numberedRecords(Math.ceil(bed.options.faultKeys / recordLength));
  await prepare(shell, 'stty raw -echo');
  shell.type(`exec head -c ${keys.length} > ${file}\n`);
  // The line above is read before what follows it, but the shell must have handed over its terminal.
  await delay(1000);
  const startedAt = performance.now();
  const pending = [...faults];
  const restarts: Promise<number>[] = [];
  for (let typed = 0; typed < keys.length; typed += 1) {
    shell.type(keys.charAt(typed));
    if (pending[0] !== undefined && typed >= keys.length * pending[0].at) {
      const fault = pending.shift();
      if (fault !== undefined) restarts.push(product.stack.kill(fault.kill));
    }
    // The beat is kept whatever a single wait takes.
    await delay(Math.max(0, startedAt + (typed + 1) * keyEveryMs - performance.now()));
  }
  await Promise.all(restarts);
  const giveUpAt = performance.now() + arrivedWithinMs;
  let arrived = '';
  while (arrived.length < keys.length && performance.now() < giveUpAt) {
    await delay(100);
    arrived = readFileSync(file, 'latin1');
  }
  return compareRecords(keys, arrived);
};

export const typingUnderFaults: RowGroup = {
  name: 'typing-under-faults',
  about: 'a key every 5 ms while gateway, terminal service and hub are killed (--fault-keys)',
  measure: async (bed) => {
    const product = await bed.product();
    bed.say(`typing ${bed.options.faultKeys} keys while relays are killed`);
    const { lost, doubled } = await withShell(
      () => openProduct(product),
      (shell) => typeUnderFaults(bed, product, shell),
    );
    const name = `${bed.options.faultKeys} keys, ${faults.length} relays killed`;
    const budget = { kind: 'absolute', atMost: 0 } as const;
    return [
      { name: `${name}: lost`, unit: 'keys', product: [lost], budget },
      { name: `${name}: doubled or changed`, unit: 'keys', product: [doubled], budget },
    ];
  },
};
