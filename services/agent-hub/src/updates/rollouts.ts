import type { UpdateChannel } from '@webxterm/contracts/rest';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import { type ClientSession, type Model, trusted } from 'mongoose';
import type { MachineModels } from '../machines/record.ts';
import { rankOf } from './machine-update.ts';
import type { Orders } from './orders.ts';
import type { RolloutRecord } from './record.ts';
import type { Release } from './releases.ts';

export interface RolloutRules {
  /** Percentages of the machines that the waves contain, ascending to 100. */
  readonly waves: readonly number[];
  /** Machines that may begin an update, each minute. */
  readonly perMinute: number;
}

export interface RolloutsOptions {
  readonly models: MachineModels;
  readonly orders: Pick<Orders, 'automatic'>;
  readonly rules: RolloutRules;
  readonly now: () => number;
}

/** The roll-outs in the database. Several hubs change them at once, so each change states what it expects. */
export class Rollouts {
  readonly #options: RolloutsOptions;
  readonly #rollouts: Model<RolloutRecord>;

  constructor(options: RolloutsOptions) {
    this.#options = options;
    this.#rollouts = options.models.rollouts;
  }

  async find(channel: UpdateChannel): Promise<RolloutRecord | undefined> {
    return (await this.#rollouts.findOne({ channel }).lean()) ?? undefined;
  }

  /**
   * The roll-out of this release. A later release of the channel begins with the first wave.
   * @returns undefined if another hub has a later release already
   */
  async of(release: Release): Promise<RolloutRecord | undefined> {
    const { channel, version } = release;
    const released = new Date(release.released);
    const known = await this.find(channel);
    if (known?.version === version) return known;
    if (known !== undefined && known.released >= released) return undefined;
    const { now } = this.#options;
    const at = new Date(now());
    const begin = {
      version,
      released,
      ...(await this.#wave(release, 0)),
      stopped: null,
      accepted_failures: 0,
      next_order_at: at,
    };
    const which = known === undefined ? { channel } : { channel, version: known.version };
    await this.#rollouts
      .updateOne(which, { $set: begin, $setOnInsert: { paused: false } }, { upsert: known === undefined })
      .catch((error: unknown) => {
        // Another hub was faster.
        if (duplicateIndexKey(error) === undefined) throw error;
      });
    return this.of(release);
  }

  /** Takes up to `wanted` machines from the rate limit. @returns how many may be ordered now */
  async take({ channel, version }: Release, wanted: number): Promise<number> {
    const { now, rules } = this.#options;
    const at = now();
    const { modifiedCount } = await this.#rollouts.updateOne(
      { channel, version, paused: false, stopped: null, next_order_at: trusted({ $lte: new Date(at) }) },
      { $set: { next_order_at: new Date(at + (wanted * 60_000) / rules.perMinute) } },
    );
    return modifiedCount > 0 ? wanted : 0;
  }

  /** Begins the wave after this one. @returns whether this call did it */
  async advance(release: Release, { channel, version, wave }: RolloutRecord): Promise<boolean> {
    const next = await this.#wave(release, wave + 1);
    const which = { channel, version, wave, paused: false, stopped: null };
    return (await this.#rollouts.updateOne(which, { $set: next })).modifiedCount > 0;
  }

  /** @returns whether this call did it */
  async stop({ channel, version }: RolloutRecord, reason: string): Promise<boolean> {
    const which = { channel, version, stopped: null };
    return (await this.#rollouts.updateOne(which, { $set: { stopped: reason } })).modifiedCount > 0;
  }

  /** @param failures the failures so far, which a resumed roll-out does not count again */
  async setPaused(channel: UpdateChannel, paused: boolean, failures: number, session: ClientSession): Promise<void> {
    const resumed = { paused, stopped: null, accepted_failures: failures };
    await this.#rollouts.updateOne({ channel }, { $set: paused ? { paused } : resumed }, { session });
  }

  async #wave(
    release: Release,
    wave: number,
  ): Promise<Pick<RolloutRecord, 'wave' | 'threshold' | 'size' | 'wave_since'>> {
    const { models, orders, rules, now } = this.#options;
    const machines = await models.machines.distinct('agent_id', orders.automatic(release));
    const ranks = machines.map((agentId) => rankOf(agentId, release.version)).toSorted((one, other) => one - other);
    const share = rules.waves[wave] ?? 100;
    const size = Math.ceil((ranks.length * share) / 100);
    // The last wave also contains machines that are added later.
    const threshold = share >= 100 ? 1 : (ranks[size - 1] ?? 0);
    return { wave, threshold, size, wave_since: new Date(now()) };
  }
}
