import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { Failure } from '../layout/failure.tsx';
import { useRenewRecoveryCodes } from './own-account-queries.ts';
import { RecoveryCodes } from './recovery-codes.tsx';

/** Replaces the recovery codes and shows the new ones. */
export const RecoveryCodesDialog = ({ onClose }: { onClose: () => void }) => {
  const renew = useRenewRecoveryCodes();
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={!renew.isSuccess}
      closeOnEscape={!renew.isSuccess}
      withCloseButton={!renew.isSuccess}
      title={<Text fw={650}>New recovery codes</Text>}
    >
      {renew.isSuccess ? (
        <RecoveryCodes codes={renew.data.recovery_codes} onDone={onClose} />
      ) : (
        <Stack>
          <Text size="sm">The codes that you have now become invalid.</Text>
          {renew.isError && <Failure title="The codes were not replaced" error={renew.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button loading={renew.isPending} onClick={() => renew.mutate(undefined)}>
              Create new codes
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
};
