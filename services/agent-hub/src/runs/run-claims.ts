import { randomBytes } from 'node:crypto';
import type { RunCounts, RunStopCause } from '@webxterm/contracts/rest';
import { type ClientSession, type Model, trusted } from 'mongoose';
import type { RunRecord, StoredRun } from './record.ts';

/** A hub that has not renewed its lease for this time is dead, and another one leads its runs. */
export const runLeaseMs = 6000;

/** Runs that a hub takes over at once. */
const takenOver = 20;

/** The fields of a run in progress that change. The others may be large. */
export type ChangedRun = Pick<StoredRun, 'run_id' | 'stop' | 'lease'>;

const leaseEnd = { $add: ['$$NOW', runLeaseMs] };

/** The runs in progress that this hub leads, by a lease in the database. Times are those of MongoDB, so the clocks of hubs do not matter. */
export class RunClaims {
  readonly #runs: Model<RunRecord>;

  constructor(runs: Model<RunRecord>) {
    this.#runs = runs;
  }

  /** The token of a new lease. */
  static token(): string {
    return randomBytes(12).toString('base64url');
  }

  /** Begins the lease of a new run, in the transaction that stores it. */
  async begin({ run_id }: RunRecord, session: ClientSession): Promise<void> {
    const $set = { 'lease.until': leaseEnd };
    await this.#runs.updateOne({ run_id }, [{ $set }], { session, updatePipeline: true });
  }

  /** Takes over runs that no living hub leads. */
  async takeOver(): Promise<StoredRun[]> {
    const taken: StoredRun[] = [];
    while (taken.length < takenOver) {
      const lease = { token: { $literal: RunClaims.token() }, until: leaseEnd };
      const run = await this.#runs
        .findOneAndUpdate(
          { state: 'running', $expr: trusted({ $lte: ['$lease.until', '$$NOW'] }) },
          [{ $set: { lease } }],
          { returnDocument: 'after', updatePipeline: true },
        )
        .lean();
      if (run === null) break;
      taken.push(run);
    }
    return taken;
  }

  /** Renews these leases. @returns what may have changed of the runs that this hub still leads */
  async renew(tokens: readonly string[]): Promise<ChangedRun[]> {
    const mine = { state: 'running' as const, 'lease.token': trusted({ $in: [...tokens] }) };
    await this.#runs.updateMany(mine, [{ $set: { 'lease.until': leaseEnd } }], { updatePipeline: true });
    return this.#runs.find(mine, { run_id: 1, stop: 1, lease: 1 }).lean<ChangedRun[]>().exec();
  }

  /** Gives leases up, so that another hub takes the runs over at once. */
  async release(tokens: readonly string[]): Promise<void> {
    const which = { 'lease.token': trusted({ $in: [...tokens] }) };
    await this.#runs.updateMany(which, { $set: { 'lease.until': new Date(0) } });
  }

  /**
   * From now on nothing more of the run begins, and its commands are ended, but not after too many failures. Every hub may call it.
   * @returns the run, if this call stopped it
   */
  async stop(runId: string, cause: RunStopCause, at: Date, session?: ClientSession): Promise<StoredRun | undefined> {
    const from = cause === 'too_many_failures' ? [null] : [null, 'too_many_failures'];
    const which = { run_id: runId, state: 'running' as const, 'stop.cause': trusted<object>({ $in: from }) };
    const stopped = await this.#runs
      .findOneAndUpdate(
        which,
        { $set: { stop: { cause, at } } },
        { returnDocument: 'after', ...(session !== undefined && { session }) },
      )
      .lean();
    return stopped ?? undefined;
  }

  /** Ends a run all of whose machines have ended. @returns the run, if this call ended it */
  async end(runId: string, token: string, counts: RunCounts, at: Date): Promise<StoredRun | undefined> {
    const which = { run_id: runId, state: 'running' as const, 'lease.token': token };
    const ended = await this.#runs
      .findOneAndUpdate(which, { $set: { state: 'ended', ended_at: at, counts } }, { returnDocument: 'after' })
      .lean();
    return ended ?? undefined;
  }
}
