import { ActionIcon, Badge, Menu, Skeleton, Table, Text } from '@mantine/core';
import {
  IconDots,
  IconKey,
  IconRobot,
  IconShield,
  IconShieldOff,
  IconShieldX,
  IconTrash,
  IconUserCheck,
  IconUserOff,
} from '@tabler/icons-react';
import type { User } from '../api/account-calls.ts';
import { localTime } from '../layout/format.ts';
import { UserPicture } from '../layout/user-picture.tsx';
import type { UserAction } from './change-user-dialog.tsx';
import classes from './users.module.css';

interface UserTableProps {
  readonly users: readonly User[];
  readonly me: string | undefined;
  readonly onAction: (user: User, action: UserAction | 'delete' | 'tokens') => void;
}

export const UserTable = ({ users, me, onAction }: UserTableProps) => (
  <div className={classes.frame}>
    <Table className={classes.table} verticalSpacing="sm" horizontalSpacing="md" aria-label="Users">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>User</Table.Th>
          <Table.Th className={classes.medium}>Role</Table.Th>
          <Table.Th className={classes.medium}>Status</Table.Th>
          <Table.Th className={classes.medium}>Since</Table.Th>
          <Table.Th>
            <span className="wx-unseen">Actions</span>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {users.map((user) => (
          <Row key={user.id} user={user} isMe={user.id === me} onAction={(action) => onAction(user, action)} />
        ))}
      </Table.Tbody>
    </Table>
  </div>
);

interface RowProps {
  readonly user: User;
  readonly isMe: boolean;
  readonly onAction: (action: UserAction | 'delete' | 'tokens') => void;
}

const Row = ({ user, isMe, onAction }: RowProps) => (
  <Table.Tr>
    <Table.Td>
      <div className={classes.who}>
        <UserPicture name={user.username} url={user.avatar_url} />
        <div className={classes.names}>
          <Text fw={600} truncate>
            {user.username}
            {isMe && (
              <Text span size="sm" c="dimmed" fw={500}>
                {' '}
                (you)
              </Text>
            )}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            {user.email}
          </Text>
          <Text size="xs" c="dimmed" className={classes.narrow}>
            {user.role === 'admin' ? 'Administrator' : 'User'}, {statusOf(user).word.toLowerCase()}
          </Text>
        </div>
      </div>
    </Table.Td>
    <Table.Td className={classes.medium}>
      <Text size="sm">{user.role === 'admin' ? 'Administrator' : 'User'}</Text>
    </Table.Td>
    <Table.Td className={classes.medium}>
      <AccountState user={user} />
    </Table.Td>
    <Table.Td className={classes.medium}>
      <Text size="sm" c="dimmed">
        {localTime(user.created_at)}
      </Text>
    </Table.Td>
    <Table.Td className={classes.action}>
      <Actions user={user} isMe={isMe} onAction={onAction} />
    </Table.Td>
  </Table.Tr>
);

const statusOf = (user: User): { word: string; color: string } => {
  if (user.disabled) return { word: 'Disabled', color: 'red' };
  return user.set_up ? { word: 'Enabled', color: 'green' } : { word: 'Not set up yet', color: 'gray' };
};

const AccountState = ({ user }: { user: User }) => {
  const { word, color } = statusOf(user);
  return <Badge color={color}>{word}</Badge>;
};

const iconSize = { size: 17, stroke: 1.7, 'aria-hidden': true } as const;

const Actions = ({ user, isMe, onAction }: RowProps) => (
  <Menu position="bottom-end" width={250} shadow="md" radius="md">
    <Menu.Target>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Actions for ${user.username}`}>
        <IconDots size={18} aria-hidden />
      </ActionIcon>
    </Menu.Target>
    <Menu.Dropdown>
      <Menu.Item leftSection={<IconKey {...iconSize} />} onClick={() => onAction('link')}>
        {user.set_up ? 'Password reset link' : 'New setup link'}
      </Menu.Item>
      {user.second_factor && !isMe && (
        <Menu.Item leftSection={<IconShieldX {...iconSize} />} onClick={() => onAction('reset-factors')}>
          Remove the second factor
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconRobot {...iconSize} />} onClick={() => onAction('tokens')}>
        Access tokens
      </Menu.Item>
      {isMe ? null : user.role === 'admin' ? (
        <Menu.Item leftSection={<IconShieldOff {...iconSize} />} onClick={() => onAction('demote')}>
          Make plain user
        </Menu.Item>
      ) : (
        <Menu.Item leftSection={<IconShield {...iconSize} />} onClick={() => onAction('promote')}>
          Make administrator
        </Menu.Item>
      )}
      {!isMe &&
        (user.disabled ? (
          <Menu.Item leftSection={<IconUserCheck {...iconSize} />} onClick={() => onAction('enable')}>
            Enable
          </Menu.Item>
        ) : (
          <Menu.Item leftSection={<IconUserOff {...iconSize} />} onClick={() => onAction('disable')}>
            Disable
          </Menu.Item>
        ))}
      {!isMe && (
        <>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash {...iconSize} />} onClick={() => onAction('delete')}>
            Delete
          </Menu.Item>
        </>
      )}
    </Menu.Dropdown>
  </Menu>
);

/** Shown until the first page has loaded. */
export const UserTableSkeleton = () => (
  <div className={classes.frame} aria-busy="true" role="status" aria-label="Loading the users">
    {['a', 'b', 'c', 'd'].map((row) => (
      <Skeleton key={row} height={38} m="md" radius="md" />
    ))}
  </div>
);
