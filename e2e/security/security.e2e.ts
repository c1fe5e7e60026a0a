// One stack for all attacks: starting one costs more than most of them.
import { afterAll, beforeAll } from 'vitest';
import { fuzzRest } from './fuzz/rest.ts';
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
fuzzRest(() => world);
