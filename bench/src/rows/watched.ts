import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openProduct, type ProductShell } from '../product.ts';
import { withShell } from '../shell.ts';
import { type Echo, measureEcho } from './echo.ts';
import type { RowGroup } from './row-group.ts';

const others = 50;

export const watched: RowGroup = {
  name: 'watched',
  about: `a key of the viewer who types, while ${others} others watch the terminal`,
  measure: async (bed) => {
    const { repeats, keys } = bed.options;
    const { url, token, agentId } = await bed.product();
    const product = { url, token, agentId };
    const beside = async (shell: ProductShell): Promise<Echo> => {
      // In a process of its own: what is measured must not wait for what the others do with the output.
      const child = fork(fileURLToPath(new URL('../load/other-viewers.ts', import.meta.url)));
      try {
        child.send({ product, sessionId: shell.ids.sessionId, count: others });
        await once(child, 'message');
        return await measureEcho(shell, keys);
      } finally {
        child.send('end');
        await once(child, 'exit');
      }
    };
    const alone: Echo[] = [];
    const seen: Echo[] = [];
    for (let repeat = 1; repeat <= repeats; repeat += 1) {
      bed.say(`key echo with ${others} other viewers: ${repeat} of ${repeats}`);
      alone.push(
        await withShell(
          () => openProduct(product),
          (shell) => measureEcho(shell, keys),
        ),
      );
      seen.push(await withShell(() => openProduct(product), beside));
    }
    return [
      {
        name: `key echo, p50: what ${others} other viewers add`,
        unit: 'ms',
        product: seen.map(({ p50 }, at) => p50 - (alone[at]?.p50 ?? Number.NaN)),
        budget: { kind: 'absolute', atMost: 1 },
      },
    ];
  },
};
