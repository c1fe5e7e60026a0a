import { afterAll, beforeAll } from 'vitest';
import { pidsOf } from './after-attacks.ts';
import { startWorld, type World } from './world.ts';

/** One stack for all attacks of a file: starting one costs more than most of them. */
export const useWorld = (): { readonly world: () => World; readonly pidsAtStart: () => Record<string, number> } => {
  let world: World;
  let pids: Record<string, number>;
  beforeAll(async () => {
    world = await startWorld();
    pids = pidsOf(world);
  });
  afterAll(async () => {
    await world?.stop();
  });
  return { world: () => world, pidsAtStart: () => pids };
};
