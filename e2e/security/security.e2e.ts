// One stack for all attacks: starting one costs more than most of them.
import { afterAll, beforeAll } from 'vitest';
import { attackAccessTokens } from './access-tokens.ts';
import { checkAfterAttacks, pidsOf } from './after-attacks.ts';
import { attackAgentPort } from './agent-port.ts';
import { attackAllowList } from './allow-list.ts';
import { tryBounds } from './bounds.ts';
import { attackFromService } from './breached-service.ts';
import { attackBusMessages } from './bus-messages.ts';
import { attackFraming } from './framing.ts';
import { fuzzAgentClaims } from './fuzz/agent-claims.ts';
import { fuzzAgents } from './fuzz/agents.ts';
import { fuzzBus } from './fuzz/bus.ts';
import { fuzzFrames } from './fuzz/frames.ts';
import { fuzzRest } from './fuzz/rest.ts';
import { fuzzTokens } from './fuzz/tokens.ts';
import { tryHostileAgent } from './hostile-agent.ts';
import { tryLimits } from './limits.ts';
import { requireFactors } from './required-factor.ts';
import { routeMatrix } from './route-matrix.ts';
import { raceSignIns } from './sign-in-races.ts';
import { holdBodiesBack } from './slow-bodies.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let pids: Record<string, number>;

beforeAll(async () => {
  world = await startWorld();
  pids = pidsOf(world);
});
afterAll(async () => {
  await world?.stop();
});

routeMatrix(() => world);
holdBodiesBack(() => world);
attackFraming(() => world);
tryBounds(() => world);
attackAccessTokens(() => world);
requireFactors(() => world);
attackAgentPort(() => world);
tryLimits(() => world);
raceSignIns(() => world);
tryHostileAgent(() => world);
fuzzTokens(() => world);
fuzzFrames(() => world);
fuzzAgents(() => world);
fuzzAgentClaims(() => world);
attackFromService(() => world);
attackAllowList(() => world);
attackBusMessages(() => world);
fuzzBus(() => world);
fuzzRest(() => world);
checkAfterAttacks(
  () => world,
  () => pids,
);
