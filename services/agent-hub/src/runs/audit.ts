import type { RunCounts } from '@webxterm/contracts/rest';
import { type AuditFact, auditEventId } from '@webxterm/shared/audit';
import type { RunRecord, RunStarter, RunTargetRecord } from './record.ts';

/** The actor of a run is its user, at the address of the request that started it. */
const byStarter = ({ user_id, username, signin_ref, request_id, address, user_agent }: RunStarter) =>
  ({
    actor: { kind: 'user', user_id, username, signin_ref },
    from: { requestId: request_id, clientIp: address, userAgent: user_agent },
  }) as const;

const targetOf = ({ run_id, command }: RunRecord) => ({ type: 'run', id: run_id, name: command }) as const;

export const startedFact = (run: RunRecord): AuditFact => ({
  action: 'run_started',
  target: targetOf(run),
  details: {
    run_id: run.run_id,
    command: run.command,
    machines: run.total,
    linux_user: run.linux_user,
    tag: run.tag,
    search: run.search,
    failed_of: run.failed_of,
  },
});

/** By its user, in the request. */
export const cancelledFact = (run: RunRecord): AuditFact => ({
  action: 'run_cancelled',
  target: targetOf(run),
  details: { run_id: run.run_id, why: 'cancelled' },
});

/** By a hub, because of the cause of the run. */
export const stoppedFact = (run: RunRecord): AuditFact => ({
  action: 'run_cancelled',
  target: targetOf(run),
  actor: { kind: 'service' },
  eventId: auditEventId('run stopped', run.run_id, run.stop?.cause ?? ''),
  details: { run_id: run.run_id, why: run.stop?.cause ?? '' },
});

export const endedFact = (run: RunRecord, counts: RunCounts): AuditFact => ({
  action: 'run_ended',
  target: targetOf(run),
  ...byStarter(run.starter),
  eventId: auditEventId('run ended', run.run_id),
  details: { run_id: run.run_id, ...counts },
});

export const sentFact = (run: RunRecord, { agent_id, name }: RunTargetRecord, linuxUser: string): AuditFact => ({
  action: 'run_command_sent',
  agentId: agent_id,
  target: { type: 'machine', id: agent_id, name },
  ...byStarter(run.starter),
  eventId: auditEventId('run command', run.run_id, agent_id),
  details: { run_id: run.run_id, linux_user: linuxUser },
});
