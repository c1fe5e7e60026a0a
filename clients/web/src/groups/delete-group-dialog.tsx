import { Button, Group as Buttons, Modal, Stack, Text } from '@mantine/core';
import type { Group } from '@webxterm/contracts/rest';
import { Failure } from '../layout/failure.tsx';
import { useDeleteGroup } from './group-queries.ts';
import { usersPhrase } from './users-phrase.ts';

export const DeleteGroupDialog = ({ group, onClose }: { group: Group; onClose: () => void }) => {
  const remove = useDeleteGroup(group.group_id);
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Delete {group.name}?</Text>}>
      <Stack>
        <Text size="sm">
          {usersPhrase(group.members)} lose the access that the group gives, and their terminals and commands that need
          it end at once. Their accounts and their other access stay. This cannot be undone.
        </Text>
        {remove.isError && <Failure title="The group was not deleted" error={remove.error} />}
        <Buttons justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            Keep it
          </Button>
          <Button
            color="red"
            loading={remove.isPending}
            onClick={() => remove.mutate(undefined, { onSuccess: onClose })}
          >
            Delete group
          </Button>
        </Buttons>
      </Stack>
    </Modal>
  );
};
