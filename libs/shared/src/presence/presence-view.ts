import type { NatsConnection } from '@nats-io/transport-node';
import { AgentPresence, agentKey, HubLease, hubKey, presenceBucket } from '@webxterm/contracts/bus';
import { entryValue, KvView, parseEntry } from '../bus/kv-view.ts';
import type { Logger } from '../log/logger.ts';

export interface Whereabouts {
  readonly presence: AgentPresence;
  /** The hub process that wrote the entry still holds its lease. */
  readonly hubAlive: boolean;
}

const hubPrefix = hubKey('');
const agentPrefix = agentKey('');

/** Which hub holds which agent, in memory. It is a hint: lists use it, but it is never the reason to reject an attach. */
export class PresenceView {
  readonly #logger: Logger;
  readonly #view: KvView;
  readonly #hubs = new Map<string, HubLease>();
  readonly #agents = new Map<string, AgentPresence>();
  readonly #listeners = new Set<(agentId: string) => void>();
  readonly #hubListeners = new Set<(hubId: string, alive: boolean) => void>();
  readonly #complete: Promise<void>;
  #resolveComplete: () => void = () => {};

  /** `onCurrent`: called with false while presence cannot be read. */
  constructor(bus: NatsConnection, logger: Logger, onCurrent?: (current: boolean) => void) {
    this.#logger = logger;
    this.#complete = new Promise((resolve) => {
      this.#resolveComplete = resolve;
    });
    this.#view = new KvView({
      bus,
      bucket: presenceBucket,
      logger,
      apply: (entry) => this.#apply(entry.key, entryValue(entry)),
      // Keeps its entries at a reconnect, because expiries that arrive late must not show every machine as offline for a moment.
      reset: () => {},
      caughtUp: () => this.#resolveComplete(),
      ...(onCurrent === undefined ? {} : { onCurrent }),
    });
  }

  start(): void {
    this.#view.start();
  }

  stop(): void {
    this.#view.stop();
  }

  complete(): Promise<void> {
    return this.#complete;
  }

  find(agentId: string): Whereabouts | undefined {
    const presence = this.#agents.get(agentId);
    return presence === undefined ? undefined : { presence, hubAlive: this.#hubs.has(presence.hub_id) };
  }

  /** Whether the agent has an entry whose hub holds its lease. */
  isOnline(agentId: string): boolean {
    return this.find(agentId)?.hubAlive ?? false;
  }

  agents(): Iterable<AgentPresence> {
    return this.#agents.values();
  }

  hubs(): Iterable<HubLease> {
    return this.#hubs.values();
  }

  /** Called when an agent's entry appears, moves to another hub or is removed. @returns a function that removes the listener */
  onAgent(listener: (agentId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called when a hub's lease appears or expires. @returns a function that removes the listener */
  onHub(listener: (hubId: string, alive: boolean) => void): () => void {
    this.#hubListeners.add(listener);
    return () => this.#hubListeners.delete(listener);
  }

  #apply(key: string, value: unknown): void {
    if (key.startsWith(hubPrefix))
      this.#applyHub(key.slice(hubPrefix.length), parseEntry(HubLease, value, key, this.#logger));
    else if (key.startsWith(agentPrefix))
      this.#applyAgent(key.slice(agentPrefix.length), parseEntry(AgentPresence, value, key, this.#logger));
  }

  #applyHub(hubId: string, lease: HubLease | undefined): void {
    const known = this.#hubs.has(hubId);
    if (lease === undefined) this.#hubs.delete(hubId);
    else this.#hubs.set(hubId, lease);
    if (known !== this.#hubs.has(hubId))
      for (const listener of this.#hubListeners) listener(hubId, lease !== undefined);
  }

  #applyAgent(agentId: string, presence: AgentPresence | undefined): void {
    const held = this.#agents.get(agentId);
    if (presence === undefined) this.#agents.delete(agentId);
    else this.#agents.set(agentId, presence);
    if (held?.hub_id !== presence?.hub_id || held?.generation !== presence?.generation)
      for (const listener of this.#listeners) listener(agentId);
  }
}
