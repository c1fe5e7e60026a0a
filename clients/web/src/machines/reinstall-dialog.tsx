import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { Machine } from '@webxterm/contracts/rest';
import { Failure } from '../layout/failure.tsx';
import { InstallSteps } from './add-machine-steps.tsx';
import { useRegistrationToken } from './manage-queries.ts';

/** Shows the commands with which a machine that is new or reinstalled takes over its entry. */
export const ReinstallDialog = ({ machine, onClose }: { machine: Machine; onClose: () => void }) => {
  const create = useRegistrationToken(machine.agent_id);
  const pending = machine.status === 'pending';
  const token = create.data?.registration_token;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={<Text fw={650}>{pending ? `Connect ${machine.name}` : `Reinstall ${machine.name}`}</Text>}
    >
      {token === undefined ? (
        <Stack>
          <Text>
            {pending
              ? `The command installs the agent on the machine and connects it as ${machine.name}. It replaces the command that you got before.`
              : `A new agent takes the place of the one that ${machine.name} has now. Name, tags and access stay. The agent before is disconnected for good and its terminals end, as soon as the new one is configured.`}
          </Text>
          {create.isError && <Failure title="The command could not be created" error={create.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus>
              Cancel
            </Button>
            <Button loading={create.isPending} onClick={() => create.mutate()}>
              Get the install command
            </Button>
          </Group>
        </Stack>
      ) : (
        <InstallSteps
          token={token}
          visible={token}
          note={`The token is shown once. It connects one agent as ${machine.name}, within the hour.`}
        />
      )}
    </Modal>
  );
};
