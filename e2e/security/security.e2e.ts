// Attacks on one stack. Those that are repeated many times are in repeated.e2e.ts.
import { attackAccessTokens } from './access-tokens.ts';
import { checkAfterAttacks } from './after-attacks.ts';
import { attackAllowList } from './allow-list.ts';
import { tryBounds } from './bounds.ts';
import { attackFromService } from './breached-service.ts';
import { attackBusMessages } from './bus-messages.ts';
import { attackFraming } from './framing.ts';
import { fuzzAgentClaims } from './fuzz/agent-claims.ts';
import { fuzzBus } from './fuzz/bus.ts';
import { fuzzRest } from './fuzz/rest.ts';
import { tryHostileAgent } from './hostile-agent.ts';
import { tryLimits } from './limits.ts';
import { requireFactors } from './required-factor.ts';
import { routeMatrix } from './route-matrix.ts';
import { holdBodiesBack } from './slow-bodies.ts';
import { useWorld } from './use-world.ts';

const { world, pidsAtStart } = useWorld();

routeMatrix(world);
holdBodiesBack(world);
attackFraming(world);
tryBounds(world);
attackAccessTokens(world);
requireFactors(world);
tryLimits(world);
tryHostileAgent(world);
fuzzAgentClaims(world);
attackFromService(world);
attackAllowList(world);
attackBusMessages(world);
fuzzBus(world);
fuzzRest(world, 600);
checkAfterAttacks(world, pidsAtStart);
