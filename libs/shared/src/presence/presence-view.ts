import type { NatsConnection } from '@nats-io/transport-node';
import { AgentPresence, agentKey, HubLease, hubKey, hubLeaseRenewMs, presenceBucket } from '@webxterm/contracts/bus';
import { entryValue, KvView, parseEntry } from '../bus/kv-view.ts';
import type { Logger } from '../log/logger.ts';

export interface Whereabouts {
  readonly presence: AgentPresence;
  /** The hub process that wrote the entry still holds its lease. */
  readonly hubAlive: boolean;
}

const hubPrefix = hubKey('');
const agentPrefix = agentKey('');

export interface PresenceViewOptions {
  /** Called with false while presence cannot be read. */
  readonly onCurrent?: (current: boolean) => void;
  /**
   * How long an entry that a later read of the bucket does not contain stays known, in ms. The bucket of a NATS that lost it contains neither
   * the entries, which hubs write again within seconds, nor the markers of deleted and expired ones.
   */
  readonly forgetAfterMs?: number;
}

/** Longer than hubs need to write their leases and entries again. */
const standardForgetAfterMs = 4 * hubLeaseRenewMs;

/** Which hub holds which agent, in memory. It is a hint: lists use it, but it is never the reason to reject an attach. */
export class PresenceView {
  readonly #logger: Logger;
  readonly #view: KvView;
  readonly #hubs = new Map<string, HubLease>();
  readonly #agents = new Map<string, AgentPresence>();
  readonly #listeners = new Set<(agentId: string) => void>();
  readonly #hubListeners = new Set<(hubId: string, alive: boolean) => void>();
  readonly #rereadListeners = new Set<() => void>();
  readonly #complete: Promise<void>;
  readonly #forgetAfterMs: number;
  #resolveComplete: () => void = () => {};
  #isComplete = false;
  /** The known keys that the current read of the bucket has not contained. */
  #unseen = new Set<string>();
  #forgetting: NodeJS.Timeout | undefined;

  constructor(
    bus: NatsConnection,
    logger: Logger,
    { onCurrent, forgetAfterMs = standardForgetAfterMs }: PresenceViewOptions = {},
  ) {
    this.#logger = logger;
    this.#forgetAfterMs = forgetAfterMs;
    this.#complete = new Promise((resolve) => {
      this.#resolveComplete = resolve;
    });
    this.#view = new KvView({
      bus,
      bucket: presenceBucket,
      logger,
      apply: (entry) => this.#apply(entry.key, entryValue(entry)),
      reset: () => this.#reset(),
      caughtUp: () => this.#settle(),
      ...(onCurrent === undefined ? {} : { onCurrent }),
    });
  }

  start(): void {
    this.#view.start();
  }

  stop(): void {
    this.#view.stop();
    clearTimeout(this.#forgetting);
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

  get agentCount(): number {
    return this.#agents.size;
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

  /** Called when the bucket was read again from the start. @returns a function that removes the listener */
  onReread(listener: () => void): () => void {
    this.#rereadListeners.add(listener);
    return () => this.#rereadListeners.delete(listener);
  }

  /** Keeps the entries, because a reconnect must not show every machine as offline for a moment. */
  #reset(): void {
    clearTimeout(this.#forgetting);
    this.#unseen = new Set([...[...this.#hubs.keys()].map(hubKey), ...[...this.#agents.keys()].map(agentKey)]);
  }

  #settle(): void {
    this.#forgetting = setTimeout(() => this.#forgetUnseen(), this.#forgetAfterMs).unref();
    this.#resolveComplete();
    if (this.#isComplete) for (const listener of this.#rereadListeners) listener();
    this.#isComplete = true;
  }

  #forgetUnseen(): void {
    for (const key of this.#unseen) this.#apply(key, undefined);
  }

  #apply(key: string, value: unknown): void {
    this.#unseen.delete(key);
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
