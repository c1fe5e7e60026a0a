import type { Rollout, UpdateChannel } from '@webxterm/contracts/rest';
import { trusted } from 'mongoose';
import type { MachineModels } from '../machines/record.ts';
import { machineUpdate } from './machine-update.ts';
import type { Orders } from './orders.ts';
import type { Release, Releases } from './releases.ts';
import type { RolloutRules, Rollouts } from './rollouts.ts';

export interface FleetOptions {
  readonly models: MachineModels;
  readonly releases: Releases;
  readonly rollouts: Rollouts;
  readonly orders: Pick<Orders, 'due'>;
  readonly isOnline: (agentId: string) => boolean;
  readonly rules: RolloutRules;
}

const nothing = { total: 0, up_to_date: 0, updating: 0, failed: 0, waiting: 0, held: 0, unsupported: 0 };

/** The state of all machines towards the release of a channel. */
export class Fleet {
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  async rollout(channel: UpdateChannel): Promise<Rollout> {
    const { releases, rollouts, rules } = this.#options;
    const release = releases.in(channel);
    const machines = await this.#count(channel);
    const waves = rules.waves.length;
    if (release === undefined) {
      const none = { version: null, released: null, state: 'idle', reason: null } as const;
      return { channel, ...none, wave: 0, waves, wave_percent: 0, machines };
    }
    const rollout = (await rollouts.of(release)) ?? { wave: 0, stopped: null, paused: false };
    const { version, released } = release;
    const { wave, stopped } = rollout;
    const state = await this.#state(release, rollout);
    const percent = rules.waves[wave] ?? 100;
    return {
      channel,
      version,
      released,
      state,
      reason: stopped,
      wave: wave + 1,
      waves,
      wave_percent: percent,
      machines,
    };
  }

  async #state(
    release: Release,
    { stopped, paused, wave }: { stopped: string | null; paused: boolean; wave: number },
  ): Promise<Rollout['state']> {
    if (paused) return 'paused';
    if (stopped !== null) return 'stopped';
    const { models, orders, isOnline, rules } = this.#options;
    if (wave < rules.waves.length - 1) return 'running';
    const due = await models.machines.distinct('agent_id', orders.due(release));
    return due.some(isOnline) ? 'running' : 'finished';
  }

  /** Counts the machines that follow the channel, by state. */
  async #count(channel: UpdateChannel): Promise<Rollout['machines']> {
    const { models, releases } = this.#options;
    const channels = channel === 'stable' ? [channel, null] : [channel];
    const counts = { ...nothing };
    const followers = models.machines
      .find(
        {
          revoked_at: null,
          public_key: trusted({ $not: /^pending:/ }),
          'updates.policy.channel': trusted({ $in: channels }),
        },
        { public_key: 1, revoked_at: 1, agent_version: 1, arch: 1, updates: 1 },
      )
      .lean()
      .cursor();
    for await (const machine of followers) {
      const update = machineUpdate(machine, releases);
      if (update === null) continue;
      counts.total += 1;
      const { mode, version } = update.policy;
      const held = mode === 'hold' || (mode === 'pin' && version !== update.offered);
      if (update.state === 'available' && held) counts.held += 1;
      else counts[update.state === 'available' ? 'waiting' : update.state] += 1;
    }
    return counts;
  }
}
