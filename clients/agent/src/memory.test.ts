import { expect, it } from 'vitest';
import { giveMemoryBack } from './memory.ts';

it('returns the memory of garbage to the system', async () => {
  let kept: string[][] = Array.from({ length: 1000 }, (_, row) => Array.from({ length: 1000 }, () => `${row}`));
  const full = process.memoryUsage().heapTotal;
  kept = kept.slice(0, 1);
  await giveMemoryBack();
  expect(full - process.memoryUsage().heapTotal).toBeGreaterThan(8_000_000);
  expect(kept).toHaveLength(1);
});
