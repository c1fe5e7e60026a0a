import { Button, Group, Modal, Radio, Skeleton, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Belongings, User } from '../api/account-calls.ts';
import { Failure } from '../layout/failure.tsx';
import { machinesPhrase, terminalsPhrase } from './belongings-phrases.ts';
import { UserField } from './user-field.tsx';
import { useBelongings, useDeleteUser } from './user-queries.ts';

type Fate = 'remove' | 'hand-over';

/** Deletes a user. First shows what the deletion affects, and lets the administrator choose what happens to the machines. */
export const DeleteUserDialog = ({ user, onClose }: { user: User; onClose: () => void }) => {
  const belongings = useBelongings(user.id);
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={650}>Delete {user.username}?</Text>}>
      {belongings.isPending && (
        <Skeleton height={120} radius="md" role="status" aria-label="Checking what is deleted with the account" />
      )}
      {belongings.isError && (
        <Failure
          title="The list of what is deleted with the account could not be loaded"
          error={belongings.error}
          onRetry={() => void belongings.refetch()}
        />
      )}
      {belongings.data !== undefined && <Decide user={user} belongings={belongings.data} onClose={onClose} />}
    </Modal>
  );
};

const Decide = ({ user, belongings, onClose }: { user: User; belongings: Belongings; onClose: () => void }) => {
  const remove = useDeleteUser();
  const [fate, setFate] = useState<Fate>();
  const [heir, setHeir] = useState<User | null>(null);
  const owns = belongings.machines > 0;
  const decided = !owns || fate === 'remove' || (fate === 'hand-over' && heir !== null);
  const machines = !owns
    ? {}
    : fate === 'hand-over' && heir !== null
      ? { machines_to: heir.id }
      : { machines: 'remove' as const };
  if (belongings.last_admin)
    return (
      <Stack>
        <Text size="sm">This is the last administrator. Make another user an administrator first.</Text>
        <Group justify="flex-end">
          <Button onClick={onClose}>Close</Button>
        </Group>
      </Stack>
    );
  return (
    <Stack>
      <Text size="sm">
        The account, its API key and its sign-ins end at once. {terminalsPhrase('They have', belongings.sessions)} This
        cannot be undone.
      </Text>
      {owns && (
        <Radio.Group
          label={machinesPhrase('They own', belongings)}
          value={fate ?? ''}
          onChange={(value) => setFate(value === 'remove' ? 'remove' : 'hand-over')}
        >
          <Stack gap="xs" mt="xs">
            <Radio
              value="hand-over"
              label="Hand them over to another user"
              description="Their agents go on as they are, and so do the terminals of others."
            />
            {fate === 'hand-over' && (
              <UserField ml="xl" label="New owner" without={[user.id]} user={heir} onUser={setHeir} />
            )}
            <Radio
              value="remove"
              label="Remove them"
              description="Every terminal on them ends, and the agents have to be configured again to come back."
            />
          </Stack>
        </Radio.Group>
      )}
      {remove.isError && <Failure title="The account was not deleted" error={remove.error} />}
      <Group justify="flex-end">
        <Button variant="default" data-autofocus onClick={onClose}>
          Cancel
        </Button>
        <Button
          color="red"
          disabled={!decided}
          loading={remove.isPending}
          onClick={() => remove.mutate({ id: user.id, machines }, { onSuccess: onClose })}
        >
          Delete user
        </Button>
      </Group>
    </Stack>
  );
};
