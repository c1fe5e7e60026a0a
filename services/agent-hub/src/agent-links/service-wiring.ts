import type { AccessParts } from '../access/wiring.ts';
import { takeAgentStream } from '../attachments/grpc.ts';
import type { AttachmentParts } from '../attachments/wiring.ts';
import type { CommandParts } from '../commands/wiring.ts';
import type { Core } from '../core.ts';
import type { EnrolmentStore } from '../enrolment/enrolment-store.ts';
import { GuardedPort } from '../grpc-server/guarded-port.ts';
import type { MachineParts } from '../machines/wiring.ts';
import type { PresenceParts } from '../presence/wiring.ts';
import type { RunParts } from '../runs/wiring.ts';
import type { SessionLimitParts } from '../session-limits/wiring.ts';
import type { UpdateParts } from '../updates/wiring.ts';
import { agentPort } from './agent-port.ts';
import { AgentService } from './agent-service.ts';
import { Greeter } from './greeting.ts';
import { Registrar } from './registrar.ts';
import { requireAlone } from './require-alone.ts';
import type { LinkParts } from './wiring.ts';

/** The gRPC service that agents dial, and its port. */
export const wireAgentService = (
  parts: Core &
    LinkParts &
    AttachmentParts &
    AccessParts &
    PresenceParts &
    MachineParts &
    UpdateParts &
    CommandParts &
    SessionLimitParts &
    RunParts & { readonly enrolments: EnrolmentStore },
) => {
  const { allowList, revokedKeys, presence, links, rendezvous, settings } = parts;
  const port = new GuardedPort(agentPort(rendezvous), parts.logger);
  const registrar = new Registrar({
    ...parts,
    mayHonourPasses: () => !allowList.isStale(),
    isKeyRevoked: (keyId) => revokedKeys.has(keyId),
    registrationsPerMinute: settings.REGISTRATIONS_PER_MINUTE,
    stackUser: settings.STACK_USER,
    onReplaced: ({ agent_id }) => {
      parts.accessEvents.publish(agent_id, null, null);
      // The new agent is about to link here, so the link of the previous agent must end first.
      return parts.terminations.carryOut(agent_id);
    },
  });
  const greeter = new Greeter({
    ...parts,
    registrar,
    table: links,
    linkedMachines: () => presence.knownMachines,
    checkOtherHubs: (dial) => presence.checkOtherHubs(dial),
    leave: async (identity) => {
      await requireAlone(identity, parts);
      await parts.changes.removeForAgent(identity);
    },
  });
  const takeStream = takeAgentStream(rendezvous);
  return { agentPort: port, agents: new AgentService({ ...parts, greeter, port, table: links, takeStream }) };
};
