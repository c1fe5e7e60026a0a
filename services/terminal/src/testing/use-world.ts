import { afterAll, beforeAll } from 'vitest';
import { World } from './world.ts';

/** The world of the current test file. */
export let world: World;

type Options = Parameters<typeof World.start>[0];

/** Starts a world before the tests of a file, and stops it afterwards. */
export const useWorld = (options: Options | (() => Promise<Options>) = {}): void => {
  beforeAll(async () => {
    world = await World.start(typeof options === 'function' ? await options() : options);
  }, 120_000);
  afterAll(async () => {
    await world?.stop();
  });
};
