import { createHash } from 'node:crypto';
import type { Run, RunCounts, RunOutcome, RunTargetState } from '@webxterm/contracts/rest';
import { runLimits } from '@webxterm/contracts/run-limits';
import { isLimitedToMachines } from '@webxterm/contracts/token-scopes';
import { AppError } from '@webxterm/shared';
import { listMark, pageOf, readCursor, rowsBehind } from '@webxterm/shared/mongo';
import { type QueryFilter, trusted } from 'mongoose';
import type { Person } from '../machines/access-rule.ts';
import type { RunModels, RunOutputRecord, RunRecord, RunTargetRecord, StoredRun, StoredRunTarget } from './record.ts';
import { countsOf, runView } from './run-views.ts';

interface PageOf<Row> {
  readonly rows: Row[];
  readonly total: number;
  readonly next: string | null;
}

interface ListQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface TargetFilter {
  readonly state?: RunTargetState | undefined;
  readonly outcome?: RunOutcome | undefined;
  readonly output_hash?: string | undefined;
}

/** A group of machines with equal outputs. */
export interface OutputGroup {
  readonly output_hash: string;
  readonly count: number;
  readonly state: RunTargetState;
  readonly outcome: RunOutcome;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly agent_ids: string[];
}

/** Equal for equal ends with equal outputs. */
export const outputHash = (
  end: Pick<RunTargetRecord, 'state' | 'exit_code' | 'signal'>,
  { stdout, stderr }: Pick<RunOutputRecord, 'stdout' | 'stderr'>,
): string =>
  createHash('sha256')
    .update(JSON.stringify([end.state, end.exit_code, end.signal, stdout.length]))
    .update(stdout)
    .update(stderr)
    .digest('hex');

/** The runs of a person. A token that is limited to machines sees those that it started, because the others name further machines. */
const runsOf = ({ userId, token }: Person): QueryFilter<RunRecord> => ({
  'starter.user_id': userId,
  ...(token !== undefined && isLimitedToMachines(token) ? { 'starter.token_id': token.id } : {}),
});

/** Reads runs, their machines and outputs. */
export class RunStore {
  readonly #models: RunModels;

  constructor(models: RunModels) {
    this.#models = models;
  }

  /** @throws AppError run_not_found, also for the run of another user */
  async require(person: Person, runId: string): Promise<StoredRun> {
    const run = await this.#models.runs.findOne({ run_id: runId, ...runsOf(person) }).lean();
    if (run === null) throw new AppError('run_not_found');
    return run;
  }

  async find(runId: string): Promise<StoredRun | undefined> {
    return (await this.#models.runs.findOne({ run_id: runId }).lean()) ?? undefined;
  }

  /** The latest first. @throws AppError invalid_input for a cursor of another list */
  async list(person: Person, { cursor, limit }: ListQuery): Promise<PageOf<StoredRun>> {
    const filter = runsOf(person);
    const mark = listMark('listRuns', {});
    const behind = cursor === undefined ? {} : { _id: trusted({ $lt: readCursor(cursor, mark).id }) };
    const [found, total] = await Promise.all([
      this.#models.runs
        .find({ ...filter, ...behind })
        .sort({ _id: -1 })
        .limit(limit + 1)
        .lean(),
      this.#models.runs.countDocuments(filter),
    ]);
    return { ...pageOf(found, limit, mark, ({ _id }) => ({ key: '', id: _id })), total };
  }

  /** A run with the numbers of its machines by state. */
  async view(run: RunRecord): Promise<Run> {
    const countsOfRun = await this.#counts([run]);
    return runView(run, countsOfRun(run));
  }

  /** As `view`, of each of these runs. */
  async views(runs: readonly RunRecord[]): Promise<Run[]> {
    const countsOfRun = await this.#counts(runs);
    return runs.map((run) => runView(run, countsOfRun(run)));
  }

  /** In the order of the run. @throws AppError invalid_input for a cursor of another list */
  async targets(runId: string, filter: TargetFilter, { cursor, limit }: ListQuery): Promise<PageOf<StoredRunTarget>> {
    const set = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const mark = listMark('listRunTargets', { run_id: runId, ...set });
    const all = { run_id: runId, ...set };
    const behind = cursor === undefined ? {} : rowsBehind('position', readCursor(cursor, mark));
    const [found, total] = await Promise.all([
      this.#models.targets
        .find({ $and: [all, behind] })
        .sort({ position: 1, _id: 1 })
        .limit(limit + 1)
        .lean(),
      this.#models.targets.countDocuments(all),
    ]);
    return { ...pageOf(found, limit, mark, ({ position, _id }) => ({ key: position, id: _id })), total };
  }

  allTargets(runId: string): Promise<StoredRunTarget[]> {
    return this.#models.targets.find({ run_id: runId }).sort({ position: 1 }).lean<StoredRunTarget[]>().exec();
  }

  async target(runId: string, agentId: string): Promise<StoredRunTarget | undefined> {
    return (await this.#models.targets.findOne({ run_id: runId, agent_id: agentId }).lean()) ?? undefined;
  }

  async output(commandId: string): Promise<Pick<RunOutputRecord, 'stdout' | 'stderr'>> {
    const found = await this.#models.outputs.findOne({ command_id: commandId });
    const bytes = (value: Uint8Array | undefined): Buffer => Buffer.from(value ?? []);
    return { stdout: bytes(found?.stdout), stderr: bytes(found?.stderr) };
  }

  /** The largest first: at most `limit`, and one more. */
  async groups(runId: string, limit: number): Promise<OutputGroup[]> {
    const found = await this.#models.targets.aggregate<Omit<OutputGroup, 'output_hash'> & { _id: string }>([
      { $match: { run_id: runId, output_hash: { $type: 'string' } } },
      { $sort: { position: 1 } },
      {
        $group: {
          _id: '$output_hash',
          count: { $sum: 1 },
          state: { $first: '$state' },
          outcome: { $first: '$outcome' },
          exit_code: { $first: '$exit_code' },
          signal: { $first: '$signal' },
          agent_ids: { $push: '$agent_id' },
        },
      },
      { $set: { agent_ids: { $slice: ['$agent_ids', runLimits.groupMachines] } } },
      { $sort: { count: -1, _id: 1 } },
      { $limit: limit + 1 },
    ]);
    return found.map(({ _id, ...group }) => ({ output_hash: _id, ...group }));
  }

  /** Counts the machines of runs that have not ended. One that has ended has its counts. */
  async #counts(runs: readonly RunRecord[]): Promise<(run: RunRecord) => RunCounts> {
    const open = runs.filter(({ counts }) => counts === null).map(({ run_id }) => run_id);
    const groups =
      open.length === 0
        ? []
        : await this.#models.targets.aggregate<{
            _id: { run_id: string; state: RunTargetState; outcome: RunOutcome | null };
            count: number;
          }>([
            { $match: { run_id: { $in: open } } },
            { $group: { _id: { run_id: '$run_id', state: '$state', outcome: '$outcome' }, count: { $sum: 1 } } },
          ]);
    return ({ run_id, counts }) =>
      counts ??
      countsOf(groups.filter(({ _id }) => _id.run_id === run_id).map(({ _id, count }) => ({ ..._id, count })));
  }
}
