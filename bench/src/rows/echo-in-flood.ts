import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Product } from '../api.ts';
import { openProduct } from '../product.ts';
import { withShell } from '../shell.ts';
import { measureEcho } from './echo.ts';
import type { RowGroup } from './row-group.ts';

/** Another viewer, in a process of its own: what is measured must not wait for what that one does with its output. */
const startFlood = async (product: Product): Promise<ChildProcess> => {
  const child = fork(fileURLToPath(new URL('../flood/main.ts', import.meta.url)));
  const { url, token, agentId } = product;
  child.send({ url, token, agentId });
  await once(child, 'message');
  return child;
};

export const echoInFlood: RowGroup = {
  name: 'echo-in-flood',
  about: 'a key while another shell of the same agent prints as fast as its viewer takes it',
  measure: async (bed) => {
    const { repeats, keys } = bed.options;
    const product = await bed.product();
    const p99: number[] = [];
    for (let repeat = 1; repeat <= repeats; repeat += 1) {
      bed.say(`key echo beside a flood: ${repeat} of ${repeats}`);
      const flood = await startFlood(product);
      try {
        p99.push(
          (
            await withShell(
              () => openProduct(product),
              (shell) => measureEcho(shell, keys),
            )
          ).p99,
        );
      } finally {
        flood.send('end');
        await once(flood, 'exit');
      }
    }
    const name = 'key echo while another shell of the agent floods, p99';
    return [{ name, unit: 'ms', product: p99, budget: { kind: 'absolute', atMost: 5 } }];
  },
};
