import { Button, Group, Paper, Select, Stack, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { Machine, MachineUpdate } from '@webxterm/contracts/rest';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import classes from './cards.module.css';
import { useRequestUpdate, useUpdateMachine } from './manage-queries.ts';
import { canUpdateNow, updateSentence } from './update-words.ts';

const modes = [
  { value: 'automatic', label: 'Install automatically' },
  { value: 'hold', label: 'Only on request' },
  { value: 'pin', label: 'Stay at this version' },
];
const channels = [
  { value: 'stable', label: 'Stable' },
  { value: 'preview', label: 'Preview' },
];

type UpdatedMachine = Pick<Machine, 'agent_id' | 'agent_version'>;

/** The version of the agent, and which versions it gets. For users with the right `manage`. */
export const UpdateCard = ({ machine, update }: { machine: UpdatedMachine; update: MachineUpdate }) => {
  const request = useRequestUpdate(machine.agent_id);
  const { policy, at } = update;
  return (
    <Paper className={classes.card} component="section" aria-label="Agent updates">
      <h2 className={classes.heading}>Agent updates</h2>
      <Stack gap="sm">
        <Group justify="space-between" gap="sm">
          <div>
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {updateSentence(machine.agent_version, update)}
            </Text>
            {at !== null && (
              <Text size="xs" c="dimmed">
                since {localTime(at)}
              </Text>
            )}
          </div>
          {canUpdateNow(update) && (
            <Button
              size="xs"
              leftSection={<IconDownload size={16} aria-hidden />}
              loading={request.isPending}
              onClick={() => request.mutate()}
            >
              Update now
            </Button>
          )}
        </Group>
        {update.part_of_image !== true && <PolicyChoice machine={machine} policy={policy} />}
        {request.isError && <Failure title="The update could not be requested" error={request.error} />}
      </Stack>
    </Paper>
  );
};

/** The choice of the versions that the agent installs by itself. */
const PolicyChoice = ({ machine, policy }: { machine: UpdatedMachine; policy: MachineUpdate['policy'] }) => {
  const change = useUpdateMachine(machine.agent_id);
  const set = (chosen: Partial<MachineUpdate['policy']>): void => {
    const next = { ...policy, ...chosen };
    const version = next.mode === 'pin' ? (policy.version ?? machine.agent_version) : null;
    change.mutate({ updates: { ...next, version } });
  };
  return (
    <>
      <Group gap="sm" grow>
        <Select
          label="Updates"
          size="sm"
          data={modes}
          value={policy.mode}
          allowDeselect={false}
          disabled={change.isPending}
          onChange={(value) => {
            if (value === 'automatic' || value === 'hold' || value === 'pin') set({ mode: value });
          }}
        />
        <Select
          label="Channel"
          size="sm"
          data={channels}
          value={policy.channel}
          allowDeselect={false}
          disabled={change.isPending}
          onChange={(value) => {
            if (value === 'stable' || value === 'preview') set({ channel: value });
          }}
        />
      </Group>
      {change.isError && <Failure title="The setting could not be saved" error={change.error} />}
    </>
  );
};
