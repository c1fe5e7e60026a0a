import type { Logger } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { MachineStore } from '../machines/store.ts';
import type { Contest } from './link-table.ts';

export interface ContestNotes {
  readonly auditor: Pick<Auditor, 'count'>;
  readonly store: Pick<MachineStore, 'noteClone' | 'addressOf'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/**
 * Records that two agent processes showed one machine's key. The loser dials again and again, so it is audited once a minute. The
 * owner is shown it where both live: a process that took over from a silent one may be the same agent, restarted.
 */
export const noteContest = async (
  { auditor, store, logger, now }: ContestNotes,
  { kind, newcomer, holder }: Contest,
): Promise<void> => {
  const { agentId, publicKey, machineName, ownerId, instanceId, address } = newcomer;
  const held_by = holder.instanceId;
  // The machine's own record has the address of the agent that is linked.
  const held_from = holder.address ?? (await store.addressOf(agentId).catch(() => '')) ?? '';
  void auditor.count(agentId, {
    action: kind === 'cloned' ? 'machine_cloned' : 'machine_displaced',
    actor: { kind: 'service' },
    agentId,
    target: { type: 'machine', id: agentId, name: machineName },
    details: { owner_id: ownerId, instance: instanceId, held_by, address, held_from },
  });
  if (kind !== 'cloned') return;
  const notice = { kind, at: new Date(now()), address, other_address: held_from };
  store.noteClone(agentId, publicKey, notice).catch((error: unknown) => {
    logger.warn(
      { err: error, agent_id: agentId },
      'that a machine was cloned could not be noted; the copy dials again',
    );
  });
};
