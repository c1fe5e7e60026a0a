// One stack for all attacks: starting one costs more than most of them.
import { afterAll, beforeAll } from 'vitest';
import { routeMatrix } from './route-matrix.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world?.stop();
});

routeMatrix(() => world);
