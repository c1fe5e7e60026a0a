import type { RunOutcome, RunTargetState } from '@webxterm/contracts/rest';
import { type QueryFilter, trusted } from 'mongoose';
import type { RunModels, RunOutputRecord, RunTargetRecord, StoredRunTarget } from './record.ts';
import { outputHash } from './run-store.ts';

/** How a machine of a run ended. */
export interface TargetEnd {
  readonly state: Extract<RunTargetState, 'ended' | 'timed_out' | 'cancelled' | 'unreachable' | 'not_started'>;
  readonly exit_code?: number | null;
  readonly signal?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

const open: readonly RunTargetState[] = ['waiting', 'sent', 'running'];
const inProgress: readonly RunTargetState[] = ['sent', 'running'];

const outcomeOf = ({ state, exit_code }: TargetEnd): RunOutcome => {
  if (state === 'cancelled') return 'cancelled';
  return state === 'ended' && exit_code === 0 ? 'succeeded' : 'failed';
};

export interface TargetStatesOptions {
  readonly models: RunModels;
  readonly now: () => number;
  /** Some machines of a run have changed. */
  readonly onChanged: (runId: string, targets: readonly StoredRunTarget[]) => void;
  readonly onEnded: (state: TargetEnd['state'], count: number) => void;
}

/**
 * Changes the states of machines in the database. Each change names the states from which it may be made, so of two hubs that act at once
 * one finds it done.
 */
export class TargetStates {
  readonly #options: TargetStatesOptions;

  constructor(options: TargetStatesOptions) {
    this.#options = options;
  }

  /** A waiting machine, just before the command is sent. @returns undefined if it does not wait */
  sending(runId: string, agentId: string): Promise<StoredRunTarget | undefined> {
    const $set = { state: 'sent' as const, sent_at: new Date(this.#options.now()) };
    return this.#change({ run_id: runId, agent_id: agentId, state: 'waiting' }, $set);
  }

  /** A machine to which nothing was sent after all, because its link is gone. */
  notSent({ command_id }: RunTargetRecord): Promise<StoredRunTarget | undefined> {
    return this.#change({ command_id, state: 'sent' }, { state: 'waiting', sent_at: null });
  }

  setLinuxUser({ command_id }: RunTargetRecord, linux_user: string): Promise<StoredRunTarget | undefined> {
    return this.#change({ command_id, linux_user: null }, { linux_user });
  }

  started(agentId: string, commandId: string): Promise<StoredRunTarget | undefined> {
    const $set = { state: 'running' as const, started_at: new Date(this.#options.now()) };
    return this.#change({ command_id: commandId, agent_id: agentId, state: 'sent' }, $set);
  }

  /** Ends a machine that has not ended. @returns undefined if it has */
  async end(
    { command_id, run_id, expires_at }: RunTargetRecord,
    end: TargetEnd,
    output?: Pick<RunOutputRecord, 'stdout' | 'stderr'> & { readonly truncated: boolean },
  ): Promise<StoredRunTarget | undefined> {
    const { models, now, onEnded } = this.#options;
    if (output !== undefined && output.stdout.length + output.stderr.length > 0)
      await models.outputs.updateOne(
        { command_id },
        { $set: { run_id, stdout: output.stdout, stderr: output.stderr, expires_at } },
        { upsert: true },
      );
    const { state, exit_code = null, signal = null, reason = null, message = null } = end;
    const ended = await this.#change(
      { command_id, state: trusted({ $in: [...open] }) },
      {
        ...{ state, exit_code, signal, reason, message, outcome: outcomeOf(end), ended_at: new Date(now()) },
        ...(output !== undefined && {
          stdout_bytes: output.stdout.length,
          stderr_bytes: output.stderr.length,
          truncated: output.truncated,
          output_hash: outputHash({ state, exit_code, signal }, output),
        }),
      },
    );
    if (ended !== undefined) onEnded(state, 1);
    return ended;
  }

  /** Ends all machines of a run that wait. */
  async endWaiting(
    runId: string,
    end: TargetEnd & { readonly reason: string; readonly message: string },
  ): Promise<void> {
    const { models, now, onChanged, onEnded } = this.#options;
    const waiting = await models.targets.find({ run_id: runId, state: 'waiting' }).lean();
    if (waiting.length === 0) return;
    const { state, reason, message } = end;
    const ended_at = new Date(now());
    const $set = { state, reason, message, outcome: outcomeOf(end), ended_at };
    const which = { run_id: runId, state: 'waiting' as const };
    const { modifiedCount } = await models.targets.updateMany(which, { $set });
    onEnded(state, modifiedCount);
    const ids = waiting.map(({ agent_id }) => agent_id);
    const changed = await models.targets.find({ run_id: runId, agent_id: trusted({ $in: ids }) }).lean();
    onChanged(runId, changed);
  }

  /** Records why the commands of these machines are to be ended. */
  async cancelling(runId: string, agentIds: readonly string[], reason: string, message: string): Promise<void> {
    const which = {
      run_id: runId,
      agent_id: trusted({ $in: [...agentIds] }),
      state: trusted({ $in: [...inProgress] }),
      cancel: null,
    };
    await this.#options.models.targets.updateMany(which, { $set: { cancel: { reason, message } } });
  }

  async ofCommand(agentId: string, commandId: string): Promise<StoredRunTarget | undefined> {
    return (
      (await this.#options.models.targets.findOne({ command_id: commandId, agent_id: agentId }).lean()) ?? undefined
    );
  }

  async #change(
    which: QueryFilter<RunTargetRecord>,
    $set: Partial<RunTargetRecord>,
  ): Promise<StoredRunTarget | undefined> {
    const changed = await this.#options.models.targets
      .findOneAndUpdate(which, { $set }, { returnDocument: 'after' })
      .lean();
    if (changed === null) return undefined;
    this.#options.onChanged(changed.run_id, [changed]);
    return changed;
  }
}
