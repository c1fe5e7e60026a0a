import { Button, Group as Line, Modal, Skeleton, Stack, Text } from '@mantine/core';
import type { Group, GroupMember } from '@webxterm/contracts/rest';
import { useState } from 'react';
import type { User } from '../api/account-calls.ts';
import { AskingButton } from '../layout/asking-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { UserPicture } from '../layout/user-picture.tsx';
import { UserField } from '../users/user-field.tsx';
import { useAddToGroup, useGroupMembers, useRemoveFromGroup } from './group-queries.ts';

/** The users of a group, with a field to add one. */
export const GroupUsersDialog = ({ group, onClose }: { group: Group; onClose: () => void }) => {
  const members = useGroupMembers(group.group_id);
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={650}>Users of {group.name}</Text>}>
      <Stack>
        <AddUser groupId={group.group_id} without={members.data?.members.map(({ user_id }) => user_id) ?? []} />
        {members.isError && (
          <Failure title="The users could not be loaded" error={members.error} onRetry={() => void members.refetch()} />
        )}
        {members.isPending && <Skeleton height={44} radius="md" role="status" aria-label="Loading the users" />}
        {members.data?.total === 0 && (
          <Text size="sm" c="dimmed">
            Nobody is in this group yet.
          </Text>
        )}
        {members.data?.members.map((member) => (
          <Row key={member.user_id} groupId={group.group_id} member={member} />
        ))}
      </Stack>
    </Modal>
  );
};

const AddUser = ({ groupId, without }: { groupId: string; without: readonly string[] }) => {
  const add = useAddToGroup(groupId);
  const [user, setUser] = useState<User | null>(null);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (user !== null) add.mutate({ username: user.username, user_id: user.id }, { onSuccess: () => setUser(null) });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Line align="flex-end" gap="sm">
          <div style={{ flex: '1 1 12rem' }}>
            <UserField
              label="User"
              description={user === null ? undefined : user.email}
              without={without}
              user={user}
              onUser={setUser}
            />
          </div>
          <Button type="submit" loading={add.isPending} disabled={user === null}>
            Add user
          </Button>
        </Line>
        {add.isError && <Failure title="The user was not added" error={add.error} />}
      </Stack>
    </form>
  );
};

const Row = ({ groupId, member }: { groupId: string; member: GroupMember }) => {
  const remove = useRemoveFromGroup(groupId);
  const name = member.username === '' ? 'Unknown user' : member.username;
  return (
    <div>
      <Line justify="space-between">
        <Line gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
          <UserPicture name={name} url={member.avatar_url} />
          <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
            <Text fw={600}>{name}</Text>
            <Text size="xs" c="dimmed">
              {member.email !== '' && `${member.email}, `}since {localTime(member.added_at)}, by {member.added_by}
            </Text>
          </div>
        </Line>
        <AskingButton
          text="Remove"
          label={`Remove ${name} from the group`}
          confirm="Remove, and end their terminals"
          pending={remove.isPending}
          onConfirm={() => remove.mutate(member.user_id)}
        />
      </Line>
      {remove.isError && <Failure title="The user was not removed" error={remove.error} />}
    </div>
  );
};
