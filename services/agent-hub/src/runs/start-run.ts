import { randomBytes } from 'node:crypto';
import type { createRun, RouteInput } from '@webxterm/contracts/rest';
import { runDefaults, runLimits } from '@webxterm/contracts/run-limits';
import { AppError } from '@webxterm/shared';
import { type Caller, hashSid, type RequestContext } from '@webxterm/shared/api';
import { type Auditor, auditSigninRef } from '@webxterm/shared/audit';
import { type ClientSession, Types } from 'mongoose';
import type { People } from '../access/people.ts';
import type { Person } from '../machines/access-rule.ts';
import { startedFact } from './audit.ts';
import type { RunModels, RunRecord, RunStarter, RunTargetRecord } from './record.ts';
import { RunClaims } from './run-claims.ts';
import type { RunMachine, RunMachines } from './run-machines.ts';
import type { RunStore } from './run-store.ts';

type Wanted = RouteInput<typeof createRun>['body'];

export interface StartRunOptions {
  readonly models: RunModels;
  readonly store: RunStore;
  readonly machines: RunMachines;
  readonly people: People;
  readonly claims: Pick<RunClaims, 'begin'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly keepDays: number;
  readonly now: () => number;
}

const newId = (): string => randomBytes(16).toString('base64url');

/**
 * Resolves the machines of a run and stores it. The caller of this function leads it: the lease is its own.
 * @throws AppError machine_not_found, view_only, run_not_found, no_machines, too_many_runs, invalid_input
 */
export const startRun = async (
  wanted: Wanted,
  caller: Caller,
  context: RequestContext,
  options: StartRunOptions,
): Promise<RunRecord> => {
  const { models, people, auditor, claims } = options;
  const machines = await machinesOf(wanted, caller, options);
  if (machines.length === 0) throw new AppError('no_machines');
  if (machines.length > runLimits.targets)
    throw new AppError('invalid_input', `A run has at most ${runLimits.targets} machines, and these are more.`);
  const run = runOf(wanted, machines.length, starterOf(caller, context), options);
  const targets = machines.map((machine, index) => targetOf(run, machine, index));
  await people.prepare(caller.userId);
  await models.runs.db.transaction(async (session) => {
    // Two runs that one user starts at once conflict here, so that both are counted.
    if ((await people.restOn(caller.userId, session)) === undefined) throw new AppError('unauthenticated');
    await requireRoom(run, options, session);
    await models.runs.insertMany([run], { session });
    await models.targets.insertMany(targets, { session });
    await claims.begin(run, session);
    await auditor.recordIn(session, startedFact(run));
  });
  return run;
};

const dayMs = 86_400_000;

/** Call it in the transaction that stores the run. @throws AppError too_many_runs, too_many_requests */
const requireRoom = async (
  { starter: { user_id: userId }, total }: RunRecord,
  { models: { runs }, now }: Pick<StartRunOptions, 'models' | 'now'>,
  session: ClientSession,
): Promise<void> => {
  const own = await runs.countDocuments({ state: 'running', 'starter.user_id': userId }, { session });
  if (own >= runLimits.ofUser)
    throw new AppError(
      'too_many_runs',
      `${runLimits.ofUser} of your runs are in progress. Try again when one has ended.`,
    );
  const all = await runs.countDocuments({ state: 'running' }, { session });
  // Some users who keep theirs in progress for days must not keep all others from running anything.
  if (all >= (own === 0 ? runLimits.ofAllAtMost : runLimits.ofAll))
    throw new AppError('too_many_requests', 'Too many runs are in progress right now. Try again later.');
  const since = Types.ObjectId.createFromTime(Math.floor((now() - dayMs) / 1000));
  const [ofDay] = await runs
    .aggregate<{ count: number; machines: number }>([
      { $match: { 'starter.user_id': userId, _id: { $gte: since } } },
      { $group: { _id: null, count: { $sum: 1 }, machines: { $sum: '$total' } } },
    ])
    .session(session);
  const { count, machines } = ofDay ?? { count: 0, machines: 0 };
  if (count >= runLimits.ofUserADay || machines + total > runLimits.targetsOfUserADay)
    throw new AppError(
      'too_many_runs',
      `In 24 hours you may start ${runLimits.ofUserADay} runs, on ${runLimits.targetsOfUserADay} machines in all. Try again later.`,
    );
};

const machinesOf = async (
  { agent_ids, tag, search, failed_of }: Wanted,
  person: Person,
  { machines, store }: StartRunOptions,
): Promise<RunMachine[]> => {
  if (agent_ids !== undefined) return machines.named(person, [...new Set(agent_ids)]);
  if (failed_of === undefined) return machines.selected(person, { tag, search }, runLimits.targets);
  const before = await store.require(person, failed_of);
  const failed = (await store.allTargets(before.run_id)).filter(({ outcome }) => outcome === 'failed');
  const ids = failed.map(({ agent_id }) => agent_id);
  return [...(await machines.mayRunOn(person, ids)).values()];
};

const starterOf = ({ userId, username, sid, token }: Caller, context: RequestContext): RunStarter => ({
  user_id: userId,
  username,
  signin_hash: hashSid(sid),
  signin_ref: auditSigninRef(sid),
  token_id: token?.id ?? null,
  request_id: context.requestId,
  address: context.clientIp,
  user_agent: context.userAgent,
});

const runOf = (
  wanted: Wanted,
  total: number,
  starter: RunStarter,
  { keepDays, now }: Pick<StartRunOptions, 'keepDays' | 'now'>,
): RunRecord => {
  const createdAt = now();
  const { wait_until: waitUntil } = wanted;
  if (waitUntil !== undefined && waitUntil.getTime() > createdAt + runLimits.days * dayMs)
    throw new AppError('invalid_input', `A run waits at most ${runLimits.days} days for machines that are offline.`, {
      details: [{ path: 'wait_until', message: `must be within ${runLimits.days} days` }],
    });
  return {
    run_id: newId(),
    starter,
    command: wanted.command,
    arguments: wanted.arguments,
    environment: Object.entries(wanted.environment).map(([name, value]) => ({ name, value })),
    timeout_seconds: wanted.timeout_seconds,
    linux_user: wanted.linux_user ?? null,
    concurrency: concurrencyOf(wanted, total),
    stop_after_failures: wanted.stop_after_failures ?? null,
    wait_until: waitUntil ?? null,
    tag: wanted.tag ?? null,
    search: wanted.search ?? null,
    failed_of: wanted.failed_of ?? null,
    total,
    state: 'running',
    stop: null,
    created_at: new Date(createdAt),
    ended_at: null,
    expires_at: new Date(createdAt + keepDays * dayMs),
    counts: null,
    lease: { token: RunClaims.token(), until: new Date(createdAt) },
  };
};

const concurrencyOf = ({ concurrency, concurrency_percent }: Wanted, total: number): number => {
  const wanted =
    concurrency_percent === undefined
      ? (concurrency ?? runDefaults.concurrency)
      : Math.ceil((total * concurrency_percent) / 100);
  return Math.min(wanted, runLimits.concurrency);
};

const targetOf = (
  { run_id, expires_at }: RunRecord,
  { agent_id, name }: RunMachine,
  index: number,
): RunTargetRecord => ({
  run_id,
  agent_id,
  position: String(index).padStart(6, '0'),
  command_id: newId(),
  name,
  state: 'waiting',
  outcome: null,
  exit_code: null,
  signal: null,
  reason: null,
  message: null,
  linux_user: null,
  sent_at: null,
  started_at: null,
  ended_at: null,
  cancel: null,
  stdout_bytes: 0,
  stderr_bytes: 0,
  truncated: false,
  output_hash: null,
  expires_at,
});
