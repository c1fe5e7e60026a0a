import type { Logger } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { AgentReports } from '../machines/agent-reports.ts';
import type { Contest } from './link-table.ts';

export interface ContestNotes {
  readonly auditor: Pick<Auditor, 'count'>;
  readonly reports: Pick<AgentReports, 'noteClone' | 'lastAddress'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/**
 * Audits that two agent processes used the key of one machine, at most once a minute, because the rejected process keeps dialling. The
 * owner gets a notice only if both are alive: a process that replaced a silent one may be the same agent after a restart.
 */
export const noteContest = async (
  { auditor, reports, logger, now }: ContestNotes,
  { kind, newDial, holder }: Contest,
): Promise<void> => {
  const { agentId, publicKey, machineName, ownerId, instanceId, address } = newDial;
  const held_by = holder.instanceId;
  // If another hub holds the link, the address comes from the machine record.
  const held_from = holder.address ?? (await reports.lastAddress(agentId).catch(() => '')) ?? '';
  void auditor.count(agentId, {
    action: kind === 'cloned' ? 'machine_cloned' : 'machine_displaced',
    actor: { kind: 'service' },
    agentId,
    target: { type: 'machine', id: agentId, name: machineName },
    details: { owner_id: ownerId, instance: instanceId, held_by, address, held_from },
  });
  if (kind !== 'cloned') return;
  const notice = { kind, at: new Date(now()), address, other_address: held_from };
  reports.noteClone(agentId, publicKey, notice).catch((error: unknown) => {
    logger.warn(
      { err: error, agent_id: agentId },
      'clone notice could not be stored; it is tried again at the next dial of the copy',
    );
  });
};
