import { Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core';
import { IconDoorExit } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { useLeaveMachine } from './manage-queries.ts';

interface LeaveMachineProps {
  readonly agentId: string;
  readonly name: string;
}

/** Lets a user give up a machine that another user shares with them. */
export const LeaveMachine = ({ agentId, name }: LeaveMachineProps) => {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        variant="default"
        size="sm"
        leftSection={<IconDoorExit size={16} aria-hidden />}
        onClick={() => setOpen(true)}
      >
        Leave
      </Button>
      {open && <LeaveDialog agentId={agentId} name={name} onClose={() => setOpen(false)} />}
    </>
  );
};

const LeaveDialog = ({ agentId, name, onClose }: LeaveMachineProps & { onClose: () => void }) => {
  const leave = useLeaveMachine(agentId);
  const navigate = useNavigate();
  const [blockGiver, setBlockGiver] = useState(false);
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Leave {name}?</Text>}>
      <Stack>
        <Text>Your terminals on it end, and it is no longer in your list. Its owner can share it with you again.</Text>
        <Checkbox
          label="Also refuse whatever the same person shares with me"
          description="You can take this back on your profile page."
          checked={blockGiver}
          onChange={(event) => setBlockGiver(event.currentTarget.checked)}
        />
        {leave.isError && <Failure title="You could not leave it" error={leave.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button
            color="red"
            loading={leave.isPending}
            onClick={() => {
              // Not `onSuccess`, because the event of the lost access may unmount this dialog before the response arrives.
              leave.mutateAsync(blockGiver).then(
                () => navigate({ to: '/' }),
                () => undefined,
              );
            }}
          >
            Leave machine
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
};
