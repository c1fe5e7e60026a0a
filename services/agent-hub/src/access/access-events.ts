import type { NatsConnection } from '@nats-io/transport-node';
import { machineSubject } from '@webxterm/contracts/bus';
import type { MachineRole } from '@webxterm/contracts/rights';
import type { Logger } from '@webxterm/shared';
import { sealMessage, type TextSigner } from '@webxterm/shared/bus';

/** Notifies every hub that access to a machine changed. A hub that misses the message finds the change in the database within 1 to 2 s. */
export class AccessEvents {
  readonly #bus: NatsConnection;
  readonly #logger: Logger;
  readonly #signer: TextSigner;
  readonly #now: () => number;

  constructor(bus: NatsConnection, logger: Logger, signer: TextSigner, now: () => number) {
    this.#bus = bus;
    this.#logger = logger;
    this.#signer = signer;
    this.#now = now;
  }

  /** `userId` null: all users. `role` null: access was revoked. */
  publish(agentId: string, userId: string | null, role: MachineRole | null): void {
    const subject = machineSubject(agentId, 'access');
    const payload = JSON.stringify({ agent_id: agentId, user_id: userId, role });
    try {
      this.#bus.publish(subject, payload, { headers: sealMessage(this.#signer, subject, payload, this.#now()) });
    } catch (error) {
      this.#logger.warn(
        { err: error, agent_id: agentId },
        'access change could not be published; hubs will read it from the database',
      );
    }
  }
}
