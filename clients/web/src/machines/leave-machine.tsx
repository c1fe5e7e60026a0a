import { Button, Checkbox, Text } from '@mantine/core';
import { IconDoorExit } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
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
  const confirm = (): void => {
    // Not `onSuccess`, because the event of the lost access may unmount this dialog before the response arrives.
    leave.mutateAsync(blockGiver).then(
      () => navigate({ to: '/' }),
      () => undefined,
    );
  };
  return (
    <ConfirmDialog
      title={`Leave ${name}?`}
      keep="Keep it"
      confirm="Leave machine"
      pending={leave.isPending}
      failed="You could not leave it"
      error={leave.error}
      onClose={onClose}
      onConfirm={confirm}
    >
      <Text>Your terminals on it end, and it is no longer in your list. Its owner can share it with you again.</Text>
      <Checkbox
        label="Also block the user who shared it"
        description="You can unblock them on your profile page."
        checked={blockGiver}
        onChange={(event) => setBlockGiver(event.currentTarget.checked)}
      />
    </ConfirmDialog>
  );
};
