import type { UpdateReport, UpdateState } from '@webxterm/contracts/grpc';
import { plainText } from '@webxterm/contracts/text';
import type { Logger } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { type QueryFilter, trusted } from 'mongoose';
import type { MachineModels, MachineRecord, StoredMachine } from '../machines/record.ts';
import { archsOf } from './machine-update.ts';
import type { OrderState } from './record.ts';
import type { Release, Releases } from './releases.ts';

const maxReason = 300;
const maxVersion = 64;
/** A machine that could not fetch a version is ordered to try again after this time. */
const postponedMs = 15 * 60_000;
/** An order without a report for this time has ended. */
const silentMs = 10 * 60_000;
/** An order that has not ended after this time ends, whatever the agent reports: it would take the place of other machines for ever. */
const longestMs = 2 * 3_600_000;
const late = 'The update did not end within two hours.';
/** An installed version usually starts within this time; later it waits for a command. */
const startsWithinMs = 3 * 60_000;

const open: readonly OrderState[] = ['ordered', 'downloading', 'installed', 'trial'];
const reported: readonly OrderState[] = ['downloading', 'installed', 'trial', 'failed', 'postponed'];
const isReported = (state: string): state is OrderState => reported.some((each) => each === state);

export type Ended = 'done' | 'failed' | 'postponed';

export interface OrdersOptions {
  readonly models: MachineModels;
  readonly releases: Pick<Releases, 'followersOf'>;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly onEnded: (how: Ended) => void;
  readonly isOnline: (agentId: string) => boolean;
  readonly logger: Logger;
  readonly now: () => number;
}

/** The update orders of machines, in their records. */
export class Orders {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  /** Machines that get this release by themselves, up to date or not. */
  automatic(release: Release): QueryFilter<MachineRecord> {
    const followers = this.#options.releases.followersOf(release);
    const channels = [...followers, ...(followers.includes('stable') ? [null] : [])];
    return {
      revoked_at: null,
      'updates.capable': true,
      'updates.policy.channel': trusted({ $in: channels }),
      $or: [
        { 'updates.policy.mode': trusted({ $in: [null, 'automatic'] }) },
        { 'updates.policy.mode': 'pin', 'updates.policy.version': release.version },
      ],
    };
  }

  /** Those of them that are to be ordered now. A version that failed on a machine is not offered there again. */
  due(release: Release): QueryFilter<MachineRecord> {
    return { $and: [this.automatic(release), this.#able(release)] };
  }

  /** Orders the release for a machine, once. @returns false if it must not be ordered there, or is already */
  async begin(agentId: string, release: Release, how: 'automatic' | 'requested'): Promise<boolean> {
    const { models, now } = this.#options;
    const at = new Date(now());
    const { version } = release;
    const order = { version, state: 'ordered', reason: '', at, ordered_at: at };
    const which = how === 'automatic' ? this.due(release) : { revoked_at: null, ...this.#able(release, 'again') };
    const { modifiedCount } = await models.machines.updateOne(
      { $and: [{ agent_id: agentId }, which] },
      { $set: { 'updates.order': order, 'updates.requested_at': null } },
    );
    return modifiedCount > 0;
  }

  /**
   * Handles the hello of an agent: it contains the running version, and the last one that failed.
   * @param state undefined: the agent cannot update itself
   */
  async hello(
    agentId: string,
    version: string,
    state: UpdateState | undefined,
    { partOfImage }: { readonly partOfImage: boolean },
  ): Promise<void> {
    const { models, now } = this.#options;
    if (state === undefined) {
      const changes = [{ 'updates.capable': true }, { 'updates.part_of_image': trusted({ $ne: partOfImage }) }];
      await models.machines.updateOne(
        { agent_id: agentId, $or: changes },
        { $set: { 'updates.capable': false, 'updates.part_of_image': partOfImage } },
      );
      return;
    }
    const failedVersion = plainText(state.failedVersion, maxVersion);
    const reason = plainText(state.failedReason, maxReason);
    const sequence = Math.min(Number(state.sequence), Number.MAX_SAFE_INTEGER);
    const known = { agent_id: agentId, 'updates.failed.version': failedVersion };
    if (failedVersion !== '' && (await models.machines.countDocuments(known)) === 0)
      await models.machines.updateOne(
        { agent_id: agentId },
        { $set: { 'updates.failed': { version: failedVersion, reason, at: new Date(now()) } } },
      );
    await models.machines.updateOne(
      { agent_id: agentId },
      { $set: { 'updates.sequence': sequence, 'updates.capable': true, 'updates.part_of_image': false } },
    );
    if (failedVersion !== '' && failedVersion !== version) await this.#move(agentId, failedVersion, 'failed', reason);
    await this.#move(agentId, version, state.onTrial ? 'trial' : 'done', '');
  }

  async report(agentId: string, report: UpdateReport): Promise<void> {
    const state = report.state === 'confirmed' ? 'done' : report.state;
    if (state !== 'done' && !isReported(state)) return;
    await this.#move(agentId, plainText(report.version, maxVersion), state, plainText(report.reason, maxReason));
  }

  /** Ends orders without a report. */
  async expire(): Promise<void> {
    const { models, now, isOnline } = this.#options;
    const silent = new Date(now() - silentMs);
    const overdue = new Date(now() - longestMs);
    const found = await models.machines
      .find(
        {
          'updates.order.state': trusted({ $in: [...open] }),
          $or: [
            { 'updates.order.at': trusted({ $lt: silent }) },
            { 'updates.order.ordered_at': trusted({ $lt: overdue }) },
          ],
        },
        { agent_id: 1, updates: 1 },
      )
      .limit(1000)
      .lean();
    for (const { agent_id, updates } of found) {
      if (updates?.order === undefined) continue;
      const { version, state, ordered_at } = updates.order;
      const isOverdue = ordered_at < overdue;
      if (state === 'ordered' || state === 'downloading')
        await this.#move(agent_id, version, 'postponed', isOverdue ? late : 'The machine did not report.');
      else if (isOverdue) await this.#move(agent_id, version, 'failed', late);
      else if (!isOnline(agent_id))
        await this.#move(agent_id, version, 'failed', 'The machine has been offline since this version was installed.');
    }
  }

  /** Drops a request that was met in another way. */
  async dropRequest(agentId: string): Promise<void> {
    await this.#options.models.machines.updateOne({ agent_id: agentId }, { $set: { 'updates.requested_at': null } });
  }

  /** When an order for this version last changed. */
  async lastChange(version: string): Promise<Date | undefined> {
    const last = await this.#options.models.machines
      .findOne({ 'updates.order.version': version }, { updates: 1 })
      .sort({ 'updates.order.at': -1 })
      .lean();
    return last?.updates?.order?.at;
  }

  /** Machines whose order for this version is open, or has failed. */
  async counts(version: string): Promise<{ open: number; failed: number }> {
    const { models, now } = this.#options;
    const ofVersion = { 'updates.order.version': version };
    const soon = new Date(now() - startsWithinMs);
    const [running, starting, failed] = await Promise.all([
      models.machines.countDocuments({
        ...ofVersion,
        'updates.order.state': trusted({ $in: open.filter((state) => state !== 'installed') }),
      }),
      models.machines.countDocuments({
        ...ofVersion,
        'updates.order.state': 'installed',
        'updates.order.at': trusted({ $gte: soon }),
      }),
      models.machines.countDocuments({ ...ofVersion, 'updates.order.state': 'failed' }),
    ]);
    return { open: running + starting, failed };
  }

  #able(release: Release, again?: 'again'): QueryFilter<MachineRecord> {
    const { version, sequence } = release;
    const later = new Date(this.#options.now() - postponedMs);
    const mayRepeat =
      again === 'again'
        ? { 'updates.order.state': trusted({ $in: ['postponed', 'failed', 'done'] }) }
        : { 'updates.order.state': 'postponed', 'updates.order.at': trusted({ $lt: later }) };
    return {
      'updates.capable': true,
      agent_version: trusted({ $ne: version }),
      arch: trusted({ $in: archsOf(release) }),
      'updates.failed.version': trusted({ $ne: version }),
      $and: [
        { $or: [{ 'updates.order.version': trusted({ $ne: version }) }, mayRepeat] },
        { $or: [{ 'updates.sequence': null }, { 'updates.sequence': trusted({ $lte: sequence }) }] },
      ],
    };
  }

  /** Changes the state of the order for this version. Repeated reports change nothing but the time. */
  async #move(agentId: string, version: string, state: OrderState, reason: string): Promise<void> {
    const { models, now, onEnded } = this.#options;
    const at = new Date(now());
    // A machine that was given up may come back with the version.
    const from: readonly OrderState[] =
      state === 'done' || state === 'trial'
        ? [...open, 'failed', 'postponed']
        : state === 'postponed'
          ? [...open, 'failed']
          : open;
    // Not again for one that took too long. Only its success counts then.
    const ordered =
      state === 'trial' ? { 'updates.order.ordered_at': trusted({ $gte: new Date(now() - longestMs) }) } : {};
    const ends = state === 'done' || state === 'failed' || state === 'postponed';
    const changes = { 'updates.order.state': state, 'updates.order.reason': reason, 'updates.order.at': at };
    const before = await models.machines
      .findOneAndUpdate(
        {
          agent_id: agentId,
          'updates.order.version': version,
          'updates.order.state': trusted({ $in: [...from] }),
          ...ordered,
        },
        { $set: { ...changes, ...(ends ? { 'updates.requested_at': null } : {}) } },
      )
      .lean();
    if (before === null || (state !== 'done' && state !== 'failed' && state !== 'postponed')) return;
    onEnded(state);
    if (state !== 'postponed') await this.#audit(before, version, state, reason);
  }

  async #audit(machine: StoredMachine, version: string, state: 'done' | 'failed', reason: string): Promise<void> {
    const { auditor, logger } = this.#options;
    const { agent_id, name } = machine;
    logger.info({ agent_id, version, state, reason }, 'an agent update ended');
    await auditor
      .record({
        action: state === 'done' ? 'agent_updated' : 'agent_update_failed',
        result: state === 'done' ? 'ok' : 'failed',
        actor: { kind: 'service' },
        agentId: agent_id,
        target: { type: 'machine', id: agent_id, name },
        details: { version, ...(reason === '' ? {} : { why: reason }) },
      })
      .catch((error: unknown) => logger.error({ err: error, agent_id }, 'an agent update could not be audited'));
  }
}
