// Receives from the process that forked it a session and how many viewers to attach to it, then `end`. Sends `attached` when all are.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { openProduct, type ProductShell } from '../product.ts';

const Order = z.union([
  z.literal('end'),
  z.object({
    product: z.object({ url: z.string(), token: z.string(), agentId: z.string() }),
    sessionId: z.string(),
    count: z.number(),
  }),
]);

const viewers: ProductShell[] = [];

process.on('message', async (message) => {
  const order = Order.parse(message);
  if (order === 'end') process.exit();
  const { product, sessionId, count } = order;
  while (viewers.length < count) {
    const viewerId = randomBytes(16).toString('base64url');
    viewers.push(await openProduct(product, { resume: { sessionId, viewerId } }));
  }
  process.send?.('attached');
});
process.on('disconnect', () => process.exit());
