// Told by the process that forked it: the product first, `end` last. Says `flooding` once output comes.
import { z } from 'zod';
import { openProduct } from '../product.ts';

const Told = z.union([z.literal('end'), z.object({ url: z.string(), token: z.string(), agentId: z.string() })]);

let shell: Awaited<ReturnType<typeof openProduct>> | undefined;

process.on('message', async (message) => {
  const told = Told.parse(message);
  if (told === 'end') {
    await shell?.close();
    process.exit();
  }
  shell = await openProduct(told);
  let received = 0;
  shell.onOutput((bytes) => {
    const before = received;
    received += bytes.length;
    if (before < 1_000_000 && received >= 1_000_000) process.send?.('flooding');
  });
  shell.type('yes 0123456789abcdef\n');
});
process.on('disconnect', () => process.exit());
