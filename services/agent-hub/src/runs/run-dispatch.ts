import type { NatsConnection } from '@nats-io/transport-node';
import { runTargetAtHub } from '@webxterm/contracts/bus';
import type { Command, CommandOutput, CommandStarted } from '@webxterm/contracts/grpc';
import { RunId, type RunTargetState } from '@webxterm/contracts/rest';
import { runLimits } from '@webxterm/contracts/run-limits';
import { plainText } from '@webxterm/contracts/text';
import { AppError, type Logger, toAppError } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import { type AllowList, answer, ask } from '@webxterm/shared/bus';
import { readSignal } from '../agent-links/agent-claims.ts';
import type { Link } from '../agent-links/link.ts';
import type { LinkTable } from '../agent-links/link-table.ts';
import { personOf, requireRight } from '../machines/access-rule.ts';
import type { Authorizer } from '../machines/authorize.ts';
import { chooseLinuxUser, requireLinuxUser } from '../machines/linux-users.ts';
import { sentFact } from './audit.ts';
import type { RunRecord, StoredRun, StoredRunTarget } from './record.ts';
import { RunReports } from './run-reports.ts';
import type { RunStore } from './run-store.ts';
import { isFinal } from './run-views.ts';
import type { TargetEnd, TargetStates } from './target-states.ts';

export interface RunDispatchOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly hubId: string;
  readonly allowList: Pick<AllowList, 'findHashed'>;
  readonly authorizer: Authorizer;
  readonly links: LinkTable;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly store: Pick<RunStore, 'find' | 'target'>;
  readonly states: TargetStates;
  /** The id of the hub that holds the link of a machine; undefined if unknown. */
  readonly hubOf: (agentId: string) => string | undefined;
}

type What = 'begin' | 'cancel';

/** Sends the commands of runs to the machines that are linked to this hub, and stores what those report. */
export class RunDispatch {
  readonly #options: RunDispatchOptions;
  readonly #reports: RunReports;

  constructor(options: RunDispatchOptions) {
    this.#options = options;
    this.#reports = new RunReports(options.logger);
  }

  answerOthers(): void {
    const { bus, hubId, logger } = this.#options;
    answer(bus, runTargetAtHub(hubId), logger, async ({ run_id, agent_id, what }) => ({
      state: await this.#here(run_id, agent_id, what),
    }));
  }

  /**
   * Begins, asks for or cancels the command of a run on a machine, at the hub that holds it.
   * @returns the state of the machine in the run afterwards
   * @throws AppError machine_offline, unauthenticated (the sign-in has ended), unavailable, run_not_found
   */
  async order(runId: string, agentId: string, what: What): Promise<RunTargetState> {
    const { links, hubOf, hubId, bus } = this.#options;
    if (links.find(agentId) !== undefined) return this.#here(runId, agentId, what);
    const holder = hubOf(agentId);
    if (holder === undefined || holder === hubId) throw new AppError('machine_offline');
    const { state } = await ask(bus, runTargetAtHub(holder), { run_id: runId, agent_id: agentId, what });
    return state;
  }

  /** An agent has started a command, or says again that it runs. */
  started(link: Link, { commandId }: CommandStarted): void {
    if (!RunId.safeParse(commandId).success) return;
    this.#reports.add(link, 0, async () => {
      const { states } = this.#options;
      const { agentId } = link.identity;
      const target = (await states.started(agentId, commandId)) ?? (await states.ofCommand(agentId, commandId));
      // It is no longer wanted: it was cancelled meanwhile, or given up.
      if (target === undefined || target.cancel !== null || isFinal(target.state))
        link.send({ $case: 'cancelCommand', value: { commandId } });
    });
  }

  /** An agent reports the result of a command. It keeps it until it is stored here. */
  ended(link: Link, output: CommandOutput): void {
    if (!RunId.safeParse(output.commandId).success) return;
    const cut = cutOutput(output);
    this.#reports.add(link, cut.stdout.length + cut.stderr.length, async () => {
      const target = await this.#options.states.ofCommand(link.identity.agentId, cut.commandId);
      if (target !== undefined && !isFinal(target.state)) await this.#store(target, cut);
      link.send({ $case: 'commandStored', value: { commandId: cut.commandId } });
    });
  }

  async #store(target: StoredRunTarget, { stdout, stderr, truncated, ...output }: CommandOutput): Promise<void> {
    const end = endOf(target, output);
    const ran = output.error === '';
    await this.#options.states.end(target, end, ran ? { stdout, stderr, truncated } : undefined);
  }

  async #here(runId: string, agentId: string, what: What): Promise<RunTargetState> {
    const { links, store } = this.#options;
    const link = links.find(agentId);
    if (link === undefined) throw new AppError('machine_offline');
    const [run, target] = await Promise.all([store.find(runId), store.target(runId, agentId)]);
    if (run === undefined || target === undefined) throw new AppError('run_not_found');
    if (isFinal(target.state)) return target.state;
    if (what === 'begin') return this.#begin(link, run, target);
    return target.state === 'waiting' ? target.state : this.#cancel(link, target);
  }

  /** The machine is recorded as `sent` before the right is read. So a right that ends meanwhile is found by this read, or by the leader. */
  async #begin(link: Link, run: StoredRun, before: StoredRunTarget): Promise<RunTargetState> {
    const { states } = this.#options;
    const waited = before.state === 'waiting';
    if (waited && (run.state === 'ended' || run.stop !== null)) return before.state;
    if (!link.capabilities.includes('kept_commands'))
      return this.#endAs(before, {
        state: 'not_started',
        reason: 'command_not_run',
        message: 'The agent of this machine takes no part in runs. Update the agent.',
      });
    const target = waited ? await states.sending(run.run_id, before.agent_id) : before;
    // Another order was faster.
    if (target === undefined) return 'sent';
    if (before.state === 'sent' && isUnwanted(run, before)) return this.#cancel(link, before);
    let linuxUser: string;
    try {
      // A command that runs is only asked for. One that was sent may not have arrived, and would begin now.
      const begun = before.state === 'running' ? target.linux_user : null;
      linuxUser = begun ?? (await this.#linuxUser(link, run, target));
    } catch (error) {
      const known = toAppError(error);
      const end = waited ? refusalOf(known) : undefined;
      if (end !== undefined) return this.#endAs(target, end);
      if (waited) await states.notSent(target);
      throw known;
    }
    try {
      await states.setLinuxUser(target, linuxUser);
      await this.#options.auditor.record(sentFact(run, target, linuxUser));
      if (!link.isOpen) throw new AppError('machine_offline');
    } catch (error) {
      // It may have been sent before, if it did not wait.
      if (waited) await states.notSent(target);
      throw error;
    }
    link.send({ $case: 'command', value: commandOf(run, target, linuxUser) });
    return target.state;
  }

  #cancel(link: Link, { run_id, agent_id, command_id, state }: StoredRunTarget): RunTargetState {
    link.send({ $case: 'cancelCommand', value: { commandId: command_id } });
    this.#options.logger.info({ run_id, agent_id }, 'cancelling a command of a run');
    return state;
  }

  /** The user of the command, which is chosen once. @throws AppError of a right that is missing */
  async #linuxUser(link: Link, run: RunRecord, { linux_user: chosen }: StoredRunTarget): Promise<string> {
    const { allowList, authorizer } = this.#options;
    const signin = await allowList.findHashed(run.starter.signin_hash);
    const access = await authorizer.use(personOf(signin), link.identity.agentId);
    requireRight(access, 'command', 'You may no longer run commands on this machine.');
    const linuxUser = chosen ?? chooseLinuxUser(run.linux_user ?? '', access.linuxUsers, link);
    requireLinuxUser(access.linuxUsers, linuxUser);
    return linuxUser;
  }

  async #endAs(target: StoredRunTarget, end: TargetEnd): Promise<RunTargetState> {
    return (await this.#options.states.end(target, end))?.state ?? target.state;
  }
}

/** Whether the command is not to begin any more, although it was sent before. */
const isUnwanted = ({ stop }: RunRecord, { cancel }: StoredRunTarget): boolean =>
  cancel !== null || (stop !== null && stop.cause !== 'too_many_failures');

const commandOf = (run: RunRecord, target: StoredRunTarget, linuxUser: string): Command => ({
  commandId: target.command_id,
  command: run.command,
  timeoutMs: run.timeout_seconds * 1000,
  maxOutputBytes: 2 * runLimits.output,
  userId: run.starter.user_id,
  linuxUser,
  kept: { environment: run.environment, arguments: run.arguments, knownStarted: target.state === 'running' },
  requestId: run.starter.request_id,
});

/** How a machine ends on which the caller may not run the command. Undefined: it cannot be decided now. */
const refusalOf = ({ code, message }: AppError): TargetEnd | undefined => {
  switch (code) {
    case 'machine_not_found':
    case 'view_only':
      return {
        state: 'cancelled',
        reason: 'access_revoked',
        message: 'You may no longer run commands on this machine.',
      };
    case 'linux_user_refused':
      return { state: 'not_started', reason: code, message };
    default:
      return undefined;
  }
};

/** An output as it is kept, in memory of its own: a message of an agent may be much larger. */
const cutOutput = (output: CommandOutput): CommandOutput => {
  const kept = (bytes: Buffer): Buffer => Buffer.from(bytes.subarray(0, runLimits.output));
  const [stdout, stderr] = [kept(output.stdout), kept(output.stderr)];
  return {
    ...output,
    ...{ stdout, stderr },
    truncated: output.truncated || stdout.length < output.stdout.length || stderr.length < output.stderr.length,
    signal: readSignal(output.signal) ?? '',
    error: output.error === '' ? '' : plainText(output.error, 300) || 'The agent gave no reason.',
    errorCode: [...refusals, lostCommand].find((known) => known === output.errorCode) ?? '',
  };
};

const endOf = (
  { cancel }: StoredRunTarget,
  output: Omit<CommandOutput, 'stdout' | 'stderr' | 'truncated'>,
): TargetEnd => {
  const signal = readSignal(output.signal);
  const exit_code = signal === null && !output.timedOut ? output.exitCode : null;
  const cancelled = cancel ?? {
    reason: 'access_revoked',
    message: 'The right to run commands on this machine has ended.',
  };
  if (output.cancelled) return { state: 'cancelled', signal, exit_code: null, ...cancelled };
  if (output.errorCode === lostCommand) return { state: 'unreachable', reason: lostCommand, message: output.error };
  if (output.error !== '') {
    const reason = refusals.find((known) => known === output.errorCode) ?? 'command_not_run';
    return { state: 'not_started', reason, message: output.error };
  }
  return { state: output.timedOut ? 'timed_out' : 'ended', exit_code, signal };
};

/** Codes of an agent that the caller gets. */
const refusals = ['too_many_commands', 'linux_user_refused'] as const;
const lostCommand = 'command_lost';
