import type { NatsConnection } from '@nats-io/transport-node';
import { authorizeMachine } from '@webxterm/contracts/bus';
import { isLoopback } from '@webxterm/contracts/loopback';
import { AppError } from '@webxterm/shared';
import { ask, type PresenceView } from '@webxterm/shared/bus';

/** Through which hub a machine was seen last. A hint: the hub itself says when it is wrong. */
export interface HubLocation {
  readonly address: string;
  readonly generation: bigint;
}

/** What the attachments need to find machines. */
export interface Locator {
  find(agentId: string): HubLocation | undefined;
  /** Told when the machine appears, moves or goes. @returns a function that ends the listening */
  onMove(agentId: string, moved: () => void): () => void;
  /** Why no hub is known for a machine, as the caller may know it: not theirs (machine_not_found), offline, or not to be told now. */
  explainAbsence(sid: string, agentId: string, requestId: string): Promise<AppError>;
}

/** `address`: host:port */
const isOnLoopback = (address: string): boolean =>
  isLoopback(/^(?<host>\[.+\]|[^:]+):\d+$/.exec(address)?.groups?.host ?? '');

/** Finds machines by the presence that the hubs keep. */
export class PresenceLocator implements Locator {
  readonly #presence: PresenceView;
  readonly #bus: NatsConnection;
  readonly #plain: boolean;
  readonly #listeners = new Map<string, Set<() => void>>();

  /** `plain`: hubs are dialled without TLS, and so on loopback only, whatever address presence tells. */
  constructor(presence: PresenceView, bus: NatsConnection, { plain }: { plain: boolean }) {
    this.#plain = plain;
    this.#presence = presence;
    this.#bus = bus;
    presence.onAgent((agentId) => {
      for (const moved of [...(this.#listeners.get(agentId) ?? [])]) moved();
    });
  }

  find(agentId: string): HubLocation | undefined {
    const found = this.#presence.find(agentId);
    if (found === undefined || (this.#plain && !isOnLoopback(found.presence.address))) return undefined;
    return { address: found.presence.address, generation: BigInt(found.presence.generation) };
  }

  onMove(agentId: string, moved: () => void): () => void {
    const listeners = this.#listeners.get(agentId) ?? new Set();
    listeners.add(moved);
    this.#listeners.set(agentId, listeners);
    return () => {
      listeners.delete(moved);
      if (listeners.size === 0 && this.#listeners.get(agentId) === listeners) this.#listeners.delete(agentId);
    };
  }

  async explainAbsence(sid: string, agentId: string, requestId: string): Promise<AppError> {
    try {
      await ask(this.#bus, authorizeMachine, { sid, agent_id: agentId }, requestId);
      return new AppError('machine_offline');
    } catch (error) {
      return error instanceof AppError ? error : new AppError('unavailable', undefined, { cause: error });
    }
  }
}
