import { afterAll, beforeAll } from 'vitest';
import { World } from './world.ts';

/** The world of the current test file. */
export let world: World;

/** Starts a world before the tests of a file, and stops it afterwards. */
export const useWorld = (options: Parameters<typeof World.start>[0] = {}): void => {
  beforeAll(async () => {
    world = await World.start(options);
  }, 120_000);
  afterAll(async () => {
    await world?.stop();
  });
};
