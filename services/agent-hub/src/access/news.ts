import type { NatsConnection } from '@nats-io/transport-node';
import { machineSubject } from '@webxterm/contracts/bus';
import type { MachineRole } from '@webxterm/contracts/rest';
import type { Logger } from '@webxterm/shared';

/** Tells every hub that access to a machine changed. What is missed is found in the database within a second or so. */
export class AccessNews {
  readonly #bus: NatsConnection;
  readonly #logger: Logger;

  constructor(bus: NatsConnection, logger: Logger) {
    this.#bus = bus;
    this.#logger = logger;
  }

  /** `userId` null: for everybody. `role` null: they have none any more. */
  tell(agentId: string, userId: string | null, role: MachineRole | null): void {
    try {
      this.#bus.publish(
        machineSubject(agentId, 'access'),
        JSON.stringify({ agent_id: agentId, user_id: userId, role }),
      );
    } catch (error) {
      this.#logger.warn({ err: error, agent_id: agentId }, 'a change of access could not be told; hubs will read it');
    }
  }
}
