import { Button, Group, Paper, Skeleton, Text, TextInput } from '@mantine/core';
import { IconUserOff } from '@tabler/icons-react';
import type { BlockedUser } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { useBlockedUsers, useBlockUser, useUnblockUser } from './own-account-queries.ts';
import classes from './profile-page.module.css';

/** The users whose shares the user blocks. */
export const BlockedCard = () => {
  const blocked = useBlockedUsers();
  const block = useBlockUser();
  const [username, setUsername] = useState('');
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (username.trim() !== '') block.mutate(username.trim(), { onSuccess: () => setUsername('') });
  };
  return (
    <Paper className={classes.card} component="section" aria-label="Blocked users">
      <h2 className={classes.heading}>Blocked users</h2>
      <Text c="dimmed" size="sm" mb="xs">
        They cannot give you access to more machines. Machines that they shared before stay until you leave them.
      </Text>
      {(blocked.isError || block.isError) && (
        <Failure
          title={block.isError ? 'The user could not be blocked' : 'The list could not be loaded'}
          error={block.error ?? blocked.error}
        />
      )}
      {blocked.isPending && <Skeleton height={50} radius="md" role="status" aria-label="Loading the blocked users" />}
      {blocked.data?.users.length === 0 && (
        <Text size="sm" mb="sm">
          You have blocked nobody.
        </Text>
      )}
      <ul className={classes.rows}>
        {blocked.data?.users.map((user) => (
          <Row key={user.user_id} user={user} />
        ))}
      </ul>
      <form onSubmit={submit}>
        <Group align="flex-end" gap="sm">
          <TextInput
            label="Username"
            size="sm"
            value={username}
            autoComplete="off"
            onChange={(event) => setUsername(event.currentTarget.value)}
            style={{ flex: '1 1 10rem' }}
          />
          <Button type="submit" size="sm" variant="default" loading={block.isPending} disabled={username.trim() === ''}>
            Block user
          </Button>
        </Group>
      </form>
    </Paper>
  );
};

const Row = ({ user }: { user: BlockedUser }) => {
  const unblock = useUnblockUser();
  return (
    <li className={classes.row}>
      <IconUserOff size={20} stroke={1.6} aria-hidden />
      <div className={classes.rowText}>
        <Text fw={600} size="sm">
          {user.username}
        </Text>
        <Text size="xs" c="dimmed">
          since {localTime(user.blocked_at)}
        </Text>
        {unblock.isError && (
          <Text size="xs" c="red" role="alert">
            {unblock.error.message}
          </Text>
        )}
      </div>
      <Button
        size="xs"
        variant="default"
        loading={unblock.isPending}
        onClick={() => unblock.mutate(user.user_id)}
        aria-label={`Unblock ${user.username}`}
      >
        Unblock
      </Button>
    </li>
  );
};
