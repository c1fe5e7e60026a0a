// Attacks that are repeated hundreds of times, or race with a change.
import { checkAfterAttacks } from './after-attacks.ts';
import { attackAgentPort } from './agent-port.ts';
import { fuzzAgents } from './fuzz/agents.ts';
import { fuzzFrames } from './fuzz/frames.ts';
import { fuzzRest } from './fuzz/rest.ts';
import { fuzzTokens } from './fuzz/tokens.ts';
import { raceSignIns } from './sign-in-races.ts';
import { useWorld } from './use-world.ts';

const { world, pidsAtStart } = useWorld();

attackAgentPort(world);
raceSignIns(world);
fuzzTokens(world);
fuzzFrames(world);
fuzzAgents(world);
fuzzRest(world, 6000);
checkAfterAttacks(world, pidsAtStart);
