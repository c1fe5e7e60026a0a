import { Stack } from '@mantine/core';
import type { Machine } from '@webxterm/contracts/rest';
import { AccessCard } from './access-card.tsx';
import { HistoryCard } from './history-card.tsx';
import { useRights } from './machine-queries.ts';
import { UpdateCard } from './update-card.tsx';

/** The lazily loaded part of a machine's page. */
export const MachineManagement = ({ machine }: { machine: Machine }) => {
  const manages = useRights(machine).includes('manage');
  return (
    <Stack gap="md">
      {machine.status !== 'pending' && <HistoryCard agentId={machine.agent_id} />}
      {manages && machine.update && <UpdateCard machine={machine} update={machine.update} />}
      {manages && machine.status !== 'pending' && <AccessCard machine={machine} />}
    </Stack>
  );
};
