import { type AgentPresence, hubLeaseRenewMs } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import type { PresenceView } from '@webxterm/shared/bus';
import type { Link, LinkIdentity } from '../agent-links/link.ts';
import type { Contest, LinkTable } from '../agent-links/link-table.ts';
import { LinkRefusal } from '../agent-links/refusal.ts';
import type { PresenceEntries } from './entries.ts';
import { HeldElsewhere } from './held-elsewhere.ts';
import { deadHubGraceMs, OnlineRule } from './online.ts';

/** Entries of hubs that have been dead for this long are deleted by any hub. */
const sweepAfterMs = 5 * 60_000;
const sweepEveryMs = 60_000;
/** Retry delay for an agent whose machine is linked to another live hub. */
const heldElsewhereRetryMs = 2000;
/** Limit of concurrent writes of entries, so that many simultaneous links do not flood NATS. */
const maxWrites = 64;

export interface PresenceOptions {
  readonly hubId: string;
  readonly view: PresenceView;
  readonly entries: PresenceEntries;
  readonly table: LinkTable;
  readonly logger: Logger;
  readonly now: () => number;
  /** Whether the view is current, because NATS is connected. */
  readonly isCurrent: () => boolean;
  /** Called when two agents with the key of one machine are alive at two hubs. */
  readonly onContest: (contest: Contest) => void;
}

/** Keeps the entries of this hub's links current, and decides which machines count as online. That is a hint for lists, never for an attach. */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #rule = new OnlineRule();
  readonly #heldElsewhere = new HeldElsewhere();
  readonly #listeners = new Set<(agentId: string, online: boolean) => void>();
  readonly #published = new Map<string, boolean>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #waiting = new Set<Link>();
  /** Entries of this hub that had no link when it last looked. */
  #left: ReadonlySet<string> = new Set();
  #writing = 0;
  #ending = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  start(): void {
    const { view, now } = this.#options;
    view.onHub((hubId, alive) => {
      this.#rule.hubChanged(hubId, alive, now());
      for (const entry of view.agents()) if (entry.hub_id === hubId) this.#publish(entry.agent_id);
      if (!alive) this.#after(deadHubGraceMs + 100, () => this.#publishAgentsOf(hubId));
    });
    view.onAgent((agentId) => {
      this.#yieldToNewer(agentId);
      this.#publish(agentId);
    });
    this.#timers.push(setInterval(() => this.reconcile(), hubLeaseRenewMs));
    this.#timers.push(setInterval(() => void this.#sweep(), sweepEveryMs));
  }

  /** Stops without deleting entries, so that the agents count as online until they link to another hub. */
  stop(): void {
    this.#ending = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  isOnline(agentId: string): boolean {
    return this.#rule.isOnline(this.#options.view.find(agentId), this.#options.now());
  }

  /** The number of machines with an entry, also of hubs that ended in the last minutes. */
  get knownMachines(): number {
    return this.#options.view.agentCount;
  }

  onlineIds(): string[] {
    return [...this.#options.view.agents()].map((entry) => entry.agent_id).filter((agentId) => this.isOnline(agentId));
  }

  /** Calls the listener when a machine becomes online or offline. */
  onChange(listener: (agentId: string, online: boolean) => void): void {
    this.#listeners.add(listener);
  }

  /** Writes the entry of a new link, and removes it when the link ends. */
  follow(link: Link): void {
    this.#enqueue(link);
    link.onClose(() => {
      if (this.#ending) return;
      this.#options.entries.remove(link).catch((error: unknown) => {
        this.#options.logger.warn(
          { err: error, agent_id: link.identity.agentId },
          'presence entry could not be removed',
        );
      });
    });
  }

  /**
   * Refuses a dial whose machine is linked to another live hub. While NATS is down it refuses nothing, because presence may be outdated.
   * @throws LinkRefusal displaced
   */
  checkOtherHubs(dial: LinkIdentity): void {
    const { view, now, onContest } = this.#options;
    const where = view.find(dial.agentId);
    if (where === undefined || !where.hubAlive || !this.#options.isCurrent()) return;
    if (where.presence.hub_id === this.#options.hubId) return;
    const generationHeld = BigInt(where.presence.generation);
    if (where.presence.instance_id !== dial.instanceId) {
      const holder = { instanceId: where.presence.instance_id, address: undefined };
      if (this.#heldElsewhere.bothLive(where.presence, dial.instanceId, now()))
        onContest({ kind: 'cloned', newDial: dial, holder });
      throw new LinkRefusal('displaced', false, {
        message: 'Another agent process with the key of this machine is connected.',
        retryAfterMs: heldElsewhereRetryMs,
        generationHeld,
      });
    }
    if (generationHeld >= dial.generation)
      throw new LinkRefusal('displaced', false, {
        message: 'A newer dial of this agent process is connected.',
        generationHeld,
      });
  }

  /**
   * Writes the entries of this hub's links that are missing in the bucket, after a failed write, a reconnect or a lost volume. Removes
   * those of links that have ended: NATS may carry out a write whose answer is lost, or may not carry out the removal.
   */
  reconcile(): void {
    const { hubId, table, entries, view, isCurrent } = this.#options;
    if (this.#ending || !isCurrent()) return;
    for (const link of table.all()) if (!entries.isWritten(link)) this.#enqueue(link);
    const left = [...view.agents()].filter(
      ({ hub_id, agent_id }) => hub_id === hubId && table.find(agent_id) === undefined,
    );
    // The removal at the end of a link may still be on its way: an entry is left only if it was so the last time too.
    const before = this.#left;
    this.#left = new Set(left.map((entry) => JSON.stringify(entry)));
    void this.#removeLeft(left.filter((entry) => before.has(JSON.stringify(entry))));
  }

  async #removeLeft(left: readonly AgentPresence[]): Promise<void> {
    const { entries, logger } = this.#options;
    try {
      for (const entry of left) await entries.removeLeft(entry);
    } catch (error) {
      logger.warn({ err: error }, 'presence entries of ended links could not be removed, retrying later');
    }
  }

  /** Checks every entry of this hub in the bucket again, because the bucket may have been lost while NATS was down. */
  rewriteAll(): void {
    for (const link of this.#options.table.all()) this.#enqueue(link);
  }

  #enqueue(link: Link): void {
    this.#waiting.add(link);
    this.#writeNext();
  }

  #writeNext(): void {
    const [link] = this.#waiting;
    if (link === undefined || this.#writing >= maxWrites) return;
    this.#waiting.delete(link);
    this.#writing += 1;
    void this.#write(link).finally(() => {
      this.#writing -= 1;
      this.#writeNext();
    });
  }

  async #write(link: Link): Promise<void> {
    const { entries, logger } = this.#options;
    if (!link.isOpen) return;
    try {
      if (!(await entries.write(link))) link.close();
      // The link closed during the write, so the removal at its close may have run before the write.
      else if (!link.isOpen && !this.#ending) await entries.remove(link);
    } catch (error) {
      logger.warn({ err: error, agent_id: link.identity.agentId }, 'presence entry could not be written, retrying');
    }
  }

  /** Closes this hub's link if another hub has the entry of a newer dial of the machine. */
  #yieldToNewer(agentId: string): void {
    const link = this.#options.table.find(agentId);
    const presence = this.#options.view.find(agentId)?.presence;
    if (link === undefined || presence === undefined || presence.hub_id === this.#options.hubId) return;
    if (BigInt(presence.generation) > link.identity.generation) link.close();
  }

  #publishAgentsOf(hubId: string): void {
    for (const entry of this.#options.view.agents()) if (entry.hub_id === hubId) this.#publish(entry.agent_id);
  }

  #publish(agentId: string): void {
    const online = this.isOnline(agentId);
    if ((this.#published.get(agentId) ?? false) === online) return;
    if (online) this.#published.set(agentId, true);
    else this.#published.delete(agentId);
    for (const listener of this.#listeners) listener(agentId, online);
  }

  async #sweep(): Promise<void> {
    const { view, entries, logger, now, isCurrent } = this.#options;
    if (!isCurrent()) return;
    const alive = new Set([...view.hubs()].map((hub) => hub.hub_id));
    const left = [...view.agents()].filter(
      (entry) => !alive.has(entry.hub_id) && this.#rule.lostFor(entry.hub_id, sweepAfterMs, now()),
    );
    try {
      for (const entry of left) await entries.sweep(entry.agent_id, entry.hub_id);
    } catch (error) {
      logger.warn({ err: error }, 'entries of dead hubs could not be deleted, retrying later');
    }
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      act();
    }, ms);
    this.#timers.push(timer);
  }
}
