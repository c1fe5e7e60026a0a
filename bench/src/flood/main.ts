// Receives from the process that forked it the product or the port of the bare path, and finally `end`. Sends `flooding` when output arrives.
import { z } from 'zod';
import { openBare } from '../bare-path/bare-path.ts';
import { openProduct } from '../product.ts';
import type { Shell } from '../shell.ts';

const Order = z.union([
  z.literal('end'),
  z.object({ barePort: z.number() }),
  z.object({ url: z.string(), token: z.string(), agentId: z.string() }),
]);

let shell: Shell | undefined;

process.on('message', async (message) => {
  const order = Order.parse(message);
  if (order === 'end') {
    await shell?.close();
    process.exit();
  }
  shell = await ('barePort' in order ? openBare(order.barePort) : openProduct(order));
  let received = 0;
  shell.onOutput((bytes) => {
    const before = received;
    received += bytes.length;
    if (before < 1_000_000 && received >= 1_000_000) process.send?.('flooding');
  });
  shell.type('yes 0123456789abcdef\n');
});
process.on('disconnect', () => process.exit());
