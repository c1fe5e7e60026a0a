import { UpdateChannel } from '@webxterm/contracts/rest';
import { type Logger, PeriodicTask } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { trusted } from 'mongoose';
import type { Link } from '../agent-links/link.ts';
import type { LinkTable } from '../agent-links/link-table.ts';
import type { MachineModels } from '../machines/record.ts';
import { rankOf } from './machine-update.ts';
import type { Orders } from './orders.ts';
import type { RolloutRecord } from './record.ts';
import type { Release, Releases } from './releases.ts';
import type { RolloutRules, Rollouts } from './rollouts.ts';

const everyMs = 2000;
/** Requested updates, and machines of a wave, that are looked at in one turn. */
const batch = 200;

export interface UpdateSchedulerRules extends RolloutRules {
  /** Machines that may be updating at the same time. */
  readonly maxRunning: number;
  /** A roll-out stops when more than this share of a wave has failed, in percent. */
  readonly maxFailedPercent: number;
  /** Time between the last change of a wave and the next wave. */
  readonly soakMs: number;
  /** Limit of each download; 0 for none. */
  readonly bytesPerSecond: number;
}

export interface UpdateSchedulerOptions {
  readonly models: MachineModels;
  readonly links: Pick<LinkTable, 'all' | 'find'>;
  readonly releases: Releases;
  readonly orders: Orders;
  readonly rollouts: Rollouts;
  readonly rules: UpdateSchedulerRules;
  readonly isOnline: (agentId: string) => boolean;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Decides which agents of this hub are updated, and when. The hubs share their state in the database; none leads. */
export class UpdateScheduler {
  readonly #options: UpdateSchedulerOptions;
  readonly #task = new PeriodicTask(everyMs, () => this.#turn());

  constructor(options: UpdateSchedulerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#task.start();
  }

  stop(): Promise<void> {
    return this.#task.stop();
  }

  async #turn(): Promise<void> {
    const { releases, orders, logger } = this.#options;
    try {
      await releases.refresh();
      await orders.expire();
      await this.#carryOutRequests();
      for (const channel of UpdateChannel.options) {
        const release = releases.in(channel);
        if (release !== undefined) await this.#rollOut(release);
      }
    } catch (error) {
      logger.warn({ err: error }, 'agents could not be updated now; it is tried again');
    }
  }

  /** Updates that somebody requested, of machines that are connected to this hub. */
  async #carryOutRequests(): Promise<void> {
    const { models, links, releases, rollouts, orders } = this.#options;
    const wanted = await models.machines
      .find({ 'updates.requested_at': trusted({ $type: 'date' }), revoked_at: null }, { agent_id: 1, updates: 1 })
      .lean();
    for (const { agent_id, updates } of wanted) {
      const link = links.find(agent_id);
      const release = releases.for(updates?.policy?.channel ?? 'stable');
      if (link === undefined || release === undefined || !link.capabilities.includes('update')) continue;
      if (link.identity.agentVersion === release.version) await orders.dropRequest(agent_id);
      else if ((await rollouts.of(release))?.stopped === null) await this.#order(link, release, 'requested');
    }
  }

  async #rollOut(release: Release): Promise<void> {
    const { orders, rollouts, rules } = this.#options;
    const rollout = await rollouts.of(release);
    if (rollout === undefined || rollout.paused || rollout.stopped !== null) return;
    const counts = await orders.counts(release.version);
    const failed = counts.failed - rollout.accepted_failures;
    if (failed > Math.floor((rollout.size * rules.maxFailedPercent) / 100)) return this.#stop(rollout, failed);
    const due = await this.#dueHere(release, rollout);
    const room = Math.min(due.length, Math.max(0, rules.maxRunning - counts.open), this.#perTurn());
    if (room > 0) {
      const granted = await rollouts.take(release, room);
      for (const link of due.slice(0, granted)) await this.#order(link, release, 'automatic');
    } else if (counts.open === 0 && due.length === 0) await this.#finishWave(release, rollout);
  }

  /** Machines that one turn may order, so that the rate is kept without a burst. */
  #perTurn(): number {
    return Math.max(1, Math.floor((this.#options.rules.perMinute * everyMs) / 60_000));
  }

  /** The links of this hub whose machines are to be ordered now. */
  async #dueHere(release: Release, { threshold }: RolloutRecord): Promise<Link[]> {
    const { models, links, orders } = this.#options;
    const { version } = release;
    const outdated = links
      .all()
      .filter(
        ({ identity, capabilities }) =>
          capabilities.includes('update') &&
          identity.agentVersion !== version &&
          rankOf(identity.agentId, version) <= threshold,
      );
    if (outdated.length === 0) return [];
    const among = { agent_id: trusted({ $in: outdated.map(({ identity }) => identity.agentId) }) };
    const due = await models.machines
      .find({ $and: [among, orders.due(release)] }, { agent_id: 1 })
      .limit(batch)
      .lean();
    const ids = new Set(due.map(({ agent_id }) => agent_id));
    return outdated.filter(({ identity }) => ids.has(identity.agentId));
  }

  async #order(link: Link, release: Release, how: 'automatic' | 'requested'): Promise<void> {
    const { orders, rules, logger } = this.#options;
    const { agentId } = link.identity;
    if (!(await orders.begin(agentId, release, how))) return;
    const { version, channel } = release;
    logger.info({ agent_id: agentId, version, channel, how }, 'ordering an agent update');
    link.send({ $case: 'updateOrder', value: { version, channel, maxBytesPerSecond: BigInt(rules.bytesPerSecond) } });
  }

  /** Begins the next wave if no machine of this one that is online is left, and some time has passed. */
  async #finishWave(release: Release, rollout: RolloutRecord): Promise<void> {
    const { models, orders, rollouts, rules, isOnline, logger, now } = this.#options;
    if (rollout.wave >= rules.waves.length - 1) return;
    const left = await models.machines.distinct('agent_id', orders.due(release));
    const ofWave = (agentId: string): boolean => rankOf(agentId, release.version) <= rollout.threshold;
    if (left.some((agentId) => ofWave(agentId) && isOnline(agentId))) return;
    const lastAt = await orders.lastChange(release.version);
    if (lastAt !== undefined && now() - lastAt.getTime() < rules.soakMs) return;
    if (await rollouts.advance(release, rollout))
      logger.info({ version: release.version, wave: rollout.wave + 2 }, 'the next wave of agent updates begins');
  }

  async #stop(rollout: RolloutRecord, failed: number): Promise<void> {
    const { rollouts, auditor, logger } = this.#options;
    const { channel, version, size, wave } = rollout;
    const reason = `It failed on ${failed} of the ${size} machines of wave ${wave + 1}.`;
    if (!(await rollouts.stop(rollout, reason))) return;
    logger.error(
      { channel, version, failed, size },
      'the roll-out of an agent version has stopped: too many machines failed',
    );
    await auditor.record({
      action: 'agent_updates_stopped',
      result: 'failed',
      actor: { kind: 'service' },
      details: { channel, version, failed, machines: size },
    });
  }
}
