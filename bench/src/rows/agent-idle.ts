import { setTimeout as delay } from 'node:timers/promises';
import { findMachine } from '../api.ts';
import { processorSeconds, residentBytes } from '../process/figures.ts';
import { inspect } from '../process/inspector.ts';
import { openProduct, type ProductShell } from '../product.ts';
import { prepare } from '../shell.ts';
import type { RowGroup } from './row-group.ts';

const shells = 20;
const idleMs = 10_000;

const settled = async ({ pid, port }: { pid: number; port: number }): Promise<number> => {
  const inspected = await inspect(pid, port);
  await inspected.collectGarbage();
  await inspected.close();
  return residentBytes(pid);
};

export const agentIdle: RowGroup = {
  name: 'agent-idle',
  about: `memory and processor of the agent, idle and with ${shells} idle shells`,
  measure: async (bed) => {
    const product = await bed.product();
    bed.say('the idle agent, from its second start on: at the end of the first it has filled its compile cache');
    await product.stack.restart('agent');
    const pid = product.pidOf('agent');
    await findMachine(product.url, product.token);
    // It is idle once it has given back what its start left behind.
    await delay(idleMs);
    const processorBefore = processorSeconds(pid);
    await delay(idleMs);
    const processor = ((processorSeconds(pid) - processorBefore) / (idleMs / 1000)) * 100;
    const asItIs = residentBytes(pid);
    const before = await settled({ pid, port: product.debugPort });
    const opened: ProductShell[] = [];
    for (let shell = 0; shell < shells; shell += 1) opened.push(await openProduct(product));
    for (const shell of opened) await prepare(shell, 'true');
    const perShell = ((await settled({ pid, port: product.debugPort })) - before) / shells;
    for (const shell of opened) await shell.close();
    const at = (atMost: number) => ({ kind: 'absolute', atMost }) as const;
    return [
      { name: 'agent, idle: memory', unit: 'MB', product: [asItIs / 1e6], budget: at(85) },
      { name: 'agent, idle: processor', unit: '%', product: [processor], budget: at(0.5) },
      { name: 'agent: memory per idle shell', unit: 'MB', product: [perShell / 1e6], budget: at(0.5) },
    ];
  },
};
