import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Product } from '../api.ts';
import { openProduct } from '../product.ts';
import { type Shell, withShell } from '../shell.ts';
import { measureEcho } from './echo.ts';
import type { RowGroup } from './row-group.ts';

/** Another viewer, in a process of its own: what is measured must not wait for what that one does with its output. */
const startFlood = async (path: Product | { readonly barePort: number }): Promise<ChildProcess> => {
  const child = fork(fileURLToPath(new URL('../flood/main.ts', import.meta.url)));
  child.send(path);
  await once(child, 'message');
  return child;
};

/** ms */
const p99Beside = async (
  path: Product | { readonly barePort: number },
  open: () => Promise<Shell>,
  keys: number,
): Promise<number> => {
  const flood = await startFlood(path);
  try {
    return (await withShell(open, (shell) => measureEcho(shell, keys))).p99;
  } finally {
    flood.send('end');
    await once(flood, 'exit');
  }
};

export const echoInFlood: RowGroup = {
  name: 'echo-in-flood',
  about: 'a key while another shell of the same agent prints as fast as its viewer takes it, beside the bare path',
  measure: async (bed) => {
    const { repeats, keys } = bed.options;
    const { url, token, agentId } = await bed.product();
    const product = { url, token, agentId };
    const bare = await bed.bare();
    const p99: number[] = [];
    const bareP99: number[] = [];
    for (let repeat = 1; repeat <= repeats; repeat += 1) {
      bed.say(`key echo beside a flood: ${repeat} of ${repeats}`);
      bareP99.push(await p99Beside({ barePort: bare.port }, () => bare.open(), keys));
      p99.push(await p99Beside(product, () => openProduct(product), keys));
    }
    const name = 'key echo while another shell of the agent floods, p99';
    const reference = { name: 'bare path', values: bareP99 };
    return [{ name, unit: 'ms', product: p99, reference, budget: { kind: 'absolute', atMost: 5 } }];
  },
};
