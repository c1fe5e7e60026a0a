import type { Product } from '../api.ts';
import type { Bed } from '../bed.ts';
import { openTtyd } from '../peers/ttyd.ts';
import { openProduct } from '../product.ts';
import { type Shell, withShell } from '../shell.ts';

export interface SideBySide<T> {
  readonly product: T[];
  readonly bare: T[];
  /** Empty where ttyd is not on PATH. */
  readonly ttyd: T[];
}

/** The paths in turn, so that a machine that slows down hits all of them. */
export const sideBySide = async <T>(
  bed: Bed,
  what: string,
  measure: (shell: Shell) => Promise<T>,
): Promise<SideBySide<T>> => {
  const product: Product = await bed.product();
  const bare = await bed.bare();
  const ttyd = await bed.ttyd();
  const results: SideBySide<T> = { product: [], bare: [], ttyd: [] };
  for (let repeat = 1; repeat <= bed.options.repeats; repeat += 1) {
    bed.say(`${what}: ${repeat} of ${bed.options.repeats}`);
    results.bare.push(await withShell(() => bare.open(), measure));
    results.product.push(await withShell(() => openProduct(product), measure));
    if (ttyd !== undefined) results.ttyd.push(await withShell(() => openTtyd(ttyd), measure));
  }
  return results;
};
