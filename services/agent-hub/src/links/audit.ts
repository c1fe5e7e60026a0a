import type { Auditor } from '@webxterm/shared/audit';
import type { Contest } from './link-table.ts';

/** Tells of two agent processes with one machine's key: the loser dials again and again, so once a minute. */
export const noteContest = (auditor: Pick<Auditor, 'count'>, { kind, newcomer, holder }: Contest): void => {
  const { agentId, machineName, ownerId, instanceId } = newcomer.identity;
  void auditor.count(agentId, {
    action: kind === 'cloned' ? 'machine_cloned' : 'machine_displaced',
    actor: { kind: 'service' },
    agentId,
    target: { type: 'machine', id: agentId, name: machineName },
    details: { owner_id: ownerId, instance: instanceId, held_by: holder.identity.instanceId },
  });
};
