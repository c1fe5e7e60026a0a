import type { NatsConnection } from '@nats-io/transport-node';
import { authorizeMachine } from '@webxterm/contracts/bus';
import { isLoopback } from '@webxterm/contracts/loopback';
import { AppError } from '@webxterm/shared';
import { ask, type PresenceView } from '@webxterm/shared/bus';

/** The hub at which a machine was linked last. It may be outdated: a hub refuses calls for machines that it does not hold. */
export interface HubLocation {
  readonly address: string;
  readonly generation: bigint;
}

/** Finds the hubs of machines for attachments. */
export interface Locator {
  find(agentId: string): HubLocation | undefined;
  /** Calls `moved` when the presence of the machine changes. @returns a function that removes the listener */
  onMove(agentId: string, moved: () => void): () => void;
  /** Why no hub is known for a machine: machine_not_found without access, machine_offline, or unavailable if access cannot be checked. */
  explainAbsence(sid: string, agentId: string, requestId: string): Promise<AppError>;
}

/** `address`: host:port. */
const isOnLoopback = (address: string): boolean =>
  isLoopback(/^(?<host>\[.+\]|[^:]+):\d+$/.exec(address)?.groups?.host ?? '');

/** Finds machines by the presence entries of the hubs. */
export class PresenceLocator implements Locator {
  readonly #presence: PresenceView;
  readonly #bus: NatsConnection;
  readonly #plain: boolean;
  readonly #listeners = new Map<string, Set<() => void>>();

  /** `plain`: hubs are dialled without TLS, so addresses that are not loopback are ignored. */
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
