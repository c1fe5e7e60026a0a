import { Stack, Text } from '@mantine/core';
import type { Machine } from '@webxterm/contracts/rest';
import { MoreButton } from '../layout/more-button.tsx';
import { useRights } from '../machines/machine-queries.ts';
import { useMachineSessions } from './session-queries.ts';
import { SessionRows } from './session-rows.tsx';

/** The live sessions on a machine. */
export const MachineSessions = ({ machine }: { machine: Machine }) => {
  const sessions = useMachineSessions(machine.agent_id);
  const watches = useRights(machine).includes('watch');
  return (
    <Stack>
      <SessionRows
        sessions={sessions}
        watches={watches}
        empty={
          <Text c="dimmed" size="sm">
            No shell is running here.
          </Text>
        }
      />
      <MoreButton list={sessions} label="Show older sessions" />
    </Stack>
  );
};
