import type { NatsConnection } from '@nats-io/transport-node';
import { MachineStatsEvent, machineStatsWildcard, machineSubject } from '@webxterm/contracts/bus';
import type { ResourceStats as WireStats } from '@webxterm/contracts/grpc';
import { parseJson } from '@webxterm/contracts/json';
import type { MachineEvent, MachineStatus, ResourceStats } from '@webxterm/contracts/rest';
import type { Logger } from '@webxterm/shared';
import { readStats, readUptime } from '../agent-links/agent-claims.ts';
import type { AgentReports } from './agent-reports.ts';
import type { MachineRecord } from './record.ts';
import type { StatsHistory } from './stats-history.ts';
import type { StatsRecord } from './stats-record.ts';

/** How often stats and activity times are written to the database. */
const saveEveryMs = 60_000;
/** A change of status is written after this delay, together with other changes. */
const saveSoonMs = 1000;
const readingEveryMs = 60_000;
/** Minimum interval between accepted stats of one machine. */
const minStatsGapMs = 1000;
/** Machines whose latest stats are held in memory, on every hub. */
const maxHeld = 100_000;

type Saved = Partial<Pick<MachineRecord, 'last_active' | 'resource_stats' | 'uptime_seconds'>>;

export interface Latest {
  readonly lastActive: string;
  readonly stats: ResourceStats | null;
}

export interface ActivityOptions {
  readonly bus: NatsConnection;
  readonly reports: Pick<AgentReports, 'saveActivity'>;
  readonly history: Pick<StatsHistory, 'save'>;
  readonly logger: Logger;
  readonly now: () => number;
  /** While NATS is down nothing is published, because the client would buffer all of it in memory. */
  readonly isConnected: () => boolean;
}

/** Status and stats of machines: published at once, kept in memory by every hub, and written to the database at most once a minute. */
export class Activity {
  readonly #options: ActivityOptions;
  readonly #latest = new Map<string, Latest>();
  readonly #unsaved = new Map<string, Saved>();
  readonly #takenAt = new Map<string, number>();
  readonly #readings: StatsRecord[] = [];
  readonly #readAt = new Map<string, number>();
  readonly #listeners = new Set<(event: MachineEvent) => void>();
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(options: ActivityOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.save(), saveEveryMs);
    this.#options.bus.subscribe(machineStatsWildcard, {
      callback: (error, message) => {
        if (error) return;
        const event = MachineStatsEvent.safeParse(parseJson(message.string()));
        if (event.success) this.#receive(event.data);
      },
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    await this.save();
  }

  latest(agentId: string): Latest | undefined {
    return this.#latest.get(agentId);
  }

  /** Calls the listener for the stats of every machine, also of machines at other hubs. */
  onStats(listener: (event: MachineEvent) => void): void {
    this.#listeners.add(listener);
  }

  status(agentId: string, status: MachineStatus): void {
    const now = new Date(this.#options.now());
    this.#note(agentId, { last_active: now });
    if (status === 'offline') {
      this.#takenAt.delete(agentId);
      this.#readAt.delete(agentId);
    }
    this.#saveSoon();
  }

  stats(agentId: string, reported: WireStats): void {
    const now = this.#options.now();
    if (now - (this.#takenAt.get(agentId) ?? Number.NEGATIVE_INFINITY) < minStatsGapMs) return;
    if (!this.#takenAt.has(agentId)) this.#saveSoon();
    this.#takenAt.set(agentId, now);
    const stats = readStats(reported);
    this.#keep(agentId, stats, now);
    this.#note(agentId, {
      last_active: new Date(now),
      resource_stats: stats,
      uptime_seconds: readUptime(reported.uptimeSeconds),
    });
    const event: MachineEvent = {
      agent_id: agentId,
      status: 'online',
      last_active: new Date(now).toISOString(),
      resource_stats: stats,
    };
    this.#publish(event);
  }

  /** Writes the collected changes. After a failure they are kept for the next attempt. */
  async save(): Promise<void> {
    const batch = new Map(this.#unsaved);
    this.#unsaved.clear();
    const readings = this.#readings.splice(0);
    // Readings are not retried, so history has gaps after a database outage.
    await this.#options.history.save(readings).catch((error: unknown) => {
      this.#options.logger.warn({ err: error, readings: readings.length }, 'machine stats history could not be saved');
    });
    try {
      await this.#options.reports.saveActivity(batch);
    } catch (error) {
      for (const [agentId, fields] of batch) this.#unsaved.set(agentId, { ...fields, ...this.#unsaved.get(agentId) });
      this.#options.logger.warn({ err: error }, 'machine activity could not be saved, retrying later');
    }
  }

  /** Adds at most one reading per minute to the history. */
  #keep(agentId: string, stats: ResourceStats, now: number): void {
    if (now - (this.#readAt.get(agentId) ?? Number.NEGATIVE_INFINITY) < readingEveryMs) return;
    if (this.#readings.length >= maxHeld) return;
    this.#readAt.set(agentId, now);
    this.#readings.push({ at: new Date(now), agent_id: agentId, ...stats });
  }

  #saveSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.save();
    }, saveSoonMs);
  }

  #note(agentId: string, fields: Saved): void {
    this.#unsaved.set(agentId, { ...this.#unsaved.get(agentId), ...fields });
  }

  #publish(event: MachineEvent): void {
    if (!this.#options.isConnected()) return;
    try {
      this.#options.bus.publish(machineSubject(event.agent_id, 'stats'), JSON.stringify(event));
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'machine stats could not be published');
    }
  }

  #receive(event: MachineEvent): void {
    if (this.#latest.size >= maxHeld && !this.#latest.has(event.agent_id)) return;
    this.#latest.set(event.agent_id, {
      lastActive: event.last_active ?? new Date(this.#options.now()).toISOString(),
      stats: event.resource_stats,
    });
    for (const listener of this.#listeners) listener(event);
  }
}
