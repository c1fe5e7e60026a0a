import type { Run, RunCounts, RunOutcome, RunTarget, RunTargetState } from '@webxterm/contracts/rest';
import type { RunRecord, RunTargetRecord } from './record.ts';

/** States of a machine after which nothing more happens there. */
const finalStates: readonly RunTargetState[] = ['ended', 'timed_out', 'cancelled', 'unreachable', 'not_started'];
export const isFinal = (state: RunTargetState): boolean => finalStates.includes(state);

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

export const runView = (run: RunRecord, counts: RunCounts): Run => ({
  run_id: run.run_id,
  user_id: run.starter.user_id,
  username: run.starter.username,
  state: run.state === 'ended' ? 'ended' : run.stop === null ? 'running' : 'cancelling',
  cause: run.stop?.cause ?? null,
  command: run.command,
  arguments: [...run.arguments],
  environment: Object.fromEntries(run.environment.map(({ name, value }) => [name, value])),
  timeout_seconds: run.timeout_seconds,
  linux_user: run.linux_user,
  concurrency: run.concurrency,
  stop_after_failures: run.stop_after_failures,
  wait_until: iso(run.wait_until),
  tag: run.tag,
  search: run.search,
  failed_of: run.failed_of,
  counts,
  created_at: run.created_at.toISOString(),
  ended_at: iso(run.ended_at),
  expires_at: run.expires_at.toISOString(),
});

export const targetView = (target: RunTargetRecord): RunTarget => ({
  agent_id: target.agent_id,
  name: target.name,
  state: target.state,
  outcome: target.outcome,
  exit_code: target.exit_code,
  signal: target.signal,
  reason: target.reason,
  message: target.message,
  linux_user: target.linux_user,
  sent_at: iso(target.sent_at),
  started_at: iso(target.started_at),
  ended_at: iso(target.ended_at),
  stdout_bytes: target.stdout_bytes,
  stderr_bytes: target.stderr_bytes,
  truncated: target.truncated,
  output_hash: target.output_hash,
});

/** The number of machines in each state, from those by state and outcome. */
export const countsOf = (
  groups: readonly { readonly state: RunTargetState; readonly outcome: RunOutcome | null; readonly count: number }[],
): RunCounts => {
  const counts: RunCounts = {
    total: 0,
    waiting: 0,
    sent: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    timed_out: 0,
    cancelled: 0,
    unreachable: 0,
    not_started: 0,
  };
  for (const { state, outcome, count } of groups) {
    counts.total += count;
    if (state === 'ended') counts[outcome === 'succeeded' ? 'succeeded' : 'failed'] += count;
    else counts[state] += count;
  }
  return counts;
};
