import type { KV, KvEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { AgentPresence, agentKey, presenceBucket } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { entryValue, openBucket, type PresenceView, parseEntry } from '@webxterm/shared/bus';
import { mayReplace } from '../agent-links/fencing.ts';
import type { Link } from '../agent-links/link.ts';

export interface EntriesOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly view: PresenceView;
  readonly hubId: string;
  /** host:port that the terminal service dials. */
  readonly address: string;
}

/** Attempts of a compare-and-set write, in case of concurrent writers. */
const maxTries = 5;

/** Writes the `agents.<id>` presence entries of this hub's links by compare-and-set, so that generations only rise. */
export class PresenceEntries {
  readonly #options: EntriesOptions;
  #bucket: Promise<KV> | undefined;

  constructor(options: EntriesOptions) {
    this.#options = options;
  }

  /** @returns false if another hub has the entry of a newer dial of the machine, so this link is displaced */
  async write(link: Link): Promise<boolean> {
    const { hubId, view } = this.#options;
    const { agentId } = link.identity;
    const bucket = await this.#open();
    for (let attempt = 1; attempt <= maxTries; attempt += 1) {
      const entry = await bucket.get(agentKey(agentId));
      // Closed meanwhile, perhaps for a newer link of this hub, whose entry it must not replace.
      if (!link.isOpen) return true;
      const presence = this.#parse(entry);
      if (presence !== undefined && this.#isOf(presence, link)) return true;
      if (presence !== undefined && !mayReplace(this.#mine(link), claimOf(presence, this.#alive(presence, view)))) {
        return presence.hub_id === hubId;
      }
      try {
        if (entry === null) await bucket.create(agentKey(agentId), this.#value(link));
        else await bucket.update(agentKey(agentId), this.#value(link), entry.revision);
        return true;
      } catch (error) {
        if (attempt === maxTries) throw error;
      }
    }
    return true;
  }

  /** Deletes the entry if it still belongs to this link. */
  remove(link: Link): Promise<void> {
    return this.#deleteIf(link.identity.agentId, (presence) => this.#isOf(presence, link));
  }

  /** Deletes an entry of this hub whose link has ended, unless a newer link has replaced it. */
  removeLeft(left: AgentPresence): Promise<void> {
    const { hub_id, generation, instance_id } = left;
    return this.#deleteIf(
      left.agent_id,
      (presence) =>
        presence.hub_id === hub_id && presence.generation === generation && presence.instance_id === instance_id,
    );
  }

  /** Deletes an entry of a dead hub, unless another hub has replaced it. */
  sweep(agentId: string, deadHubId: string): Promise<void> {
    return this.#deleteIf(agentId, ({ hub_id }) => hub_id === deadHubId);
  }

  async #deleteIf(agentId: string, matches: (presence: AgentPresence) => boolean): Promise<void> {
    const bucket = await this.#open();
    const entry = await bucket.get(agentKey(agentId));
    const presence = this.#parse(entry);
    if (entry === null || presence === undefined || !matches(presence)) return;
    await bucket.delete(agentKey(agentId), { previousSeq: entry.revision });
  }

  /** Whether the entry in memory already belongs to this link. */
  isWritten(link: Link): boolean {
    const presence = this.#options.view.find(link.identity.agentId)?.presence;
    return presence !== undefined && this.#isOf(presence, link);
  }

  #isOf(presence: AgentPresence, { identity }: Link): boolean {
    return (
      presence.hub_id === this.#options.hubId &&
      presence.generation === String(identity.generation) &&
      presence.instance_id === identity.instanceId
    );
  }

  /** Opens the bucket once, because that takes a request to the server. A failure is not cached. */
  #open(): Promise<KV> {
    this.#bucket ??= openBucket(this.#options.bus, presenceBucket).catch((error: unknown) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }

  #mine(link: Link): Parameters<typeof mayReplace>[0] {
    return { ...link.identity, hubId: this.#options.hubId };
  }

  #alive(presence: AgentPresence, view: PresenceView): boolean {
    return [...view.hubs()].some((hub) => hub.hub_id === presence.hub_id);
  }

  #value(link: Link): string {
    const { hubId, address } = this.#options;
    const value: AgentPresence = {
      agent_id: link.identity.agentId,
      hub_id: hubId,
      address,
      generation: String(link.identity.generation),
      instance_id: link.identity.instanceId,
      since: link.since.toISOString(),
    };
    return JSON.stringify(value);
  }

  #parse(entry: KvEntry | null): AgentPresence | undefined {
    if (entry === null) return undefined;
    return parseEntry(AgentPresence, entryValue(entry), entry.key, this.#options.logger);
  }
}

const claimOf = (presence: AgentPresence, hubAlive: boolean): Parameters<typeof mayReplace>[1] => ({
  hubId: presence.hub_id,
  instanceId: presence.instance_id,
  generation: BigInt(presence.generation),
  hubAlive,
});
