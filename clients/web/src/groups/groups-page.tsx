import { ActionIcon, Button, Menu, Skeleton, Stack, Table, Text } from '@mantine/core';
import { IconDots, IconPencil, IconPlus, IconTrash, IconUsers, IconUsersGroup } from '@tabler/icons-react';
import type { Group } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { Failure } from '../layout/failure.tsx';
import { NotFound } from '../layout/not-found.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { useUser } from '../sign-in/sign-in-context.ts';
import classes from '../users/users.module.css';
import { DeleteGroupDialog } from './delete-group-dialog.tsx';
import { GroupDialog } from './group-dialog.tsx';
import { useGroups } from './group-queries.ts';
import { GroupUsersDialog } from './group-users-dialog.tsx';
import { TagAccess } from './tag-access.tsx';
import { usersPhrase } from './users-phrase.ts';

type Action = 'users' | 'change' | 'delete';

/** The groups of users and the access by tags, for administrators. */
export const GroupsPage = () => {
  usePageTitle('Groups');
  const me = useUser();
  if (me !== undefined && me.role !== 'admin')
    return <NotFound title="Administrators only" text="Ask an administrator to change a group." />;
  return <Groups />;
};

const Groups = () => {
  const list = useGroups();
  const [creating, setCreating] = useState(false);
  const [acting, setActing] = useState<{ group: Group; action: Action }>();
  const close = (): void => setActing(undefined);
  const create = (
    <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setCreating(true)}>
      Create group
    </Button>
  );
  return (
    <>
      <PageHeader title="Groups" text="Users who get access to machines together" actions={create} />
      <Stack>
        {list.isError && (
          <Failure title="The groups could not be loaded" error={list.error} onRetry={() => void list.refetch()} />
        )}
        {list.isPending && <Skeleton height={120} radius="md" role="status" aria-label="Loading the groups" />}
        {list.data?.total === 0 && (
          <EmptyState
            icon={<IconUsersGroup size={28} stroke={1.6} />}
            title="No groups yet"
            text="Create a group, add users to it, and give it access on the pages of machines or by a tag below."
          />
        )}
        {list.data !== undefined && list.data.total > 0 && (
          <GroupTable groups={list.data.groups} onAction={(group, action) => setActing({ group, action })} />
        )}
        {list.data !== undefined && <TagAccess groups={list.data.groups} />}
      </Stack>
      {creating && <GroupDialog onClose={() => setCreating(false)} />}
      {acting?.action === 'change' && <GroupDialog group={acting.group} onClose={close} />}
      {acting?.action === 'users' && <GroupUsersDialog group={acting.group} onClose={close} />}
      {acting?.action === 'delete' && <DeleteGroupDialog group={acting.group} onClose={close} />}
    </>
  );
};

interface GroupTableProps {
  readonly groups: readonly Group[];
  readonly onAction: (group: Group, action: Action) => void;
}

const GroupTable = ({ groups, onAction }: GroupTableProps) => (
  <div className={classes.frame}>
    <Table className={classes.table} verticalSpacing="sm" horizontalSpacing="md" aria-label="Groups">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Group</Table.Th>
          <Table.Th>Users</Table.Th>
          <Table.Th aria-label="Actions" />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {groups.map((group) => (
          <Row key={group.group_id} group={group} onAction={(action) => onAction(group, action)} />
        ))}
      </Table.Tbody>
    </Table>
  </div>
);

const Row = ({ group, onAction }: { group: Group; onAction: (action: Action) => void }) => (
  <Table.Tr>
    <Table.Td>
      <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
        {group.name}
      </Text>
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {group.description}
      </Text>
    </Table.Td>
    <Table.Td>
      <Button size="xs" variant="default" onClick={() => onAction('users')} aria-label={`Users of ${group.name}`}>
        {usersPhrase(group.members)}
      </Button>
    </Table.Td>
    <Table.Td className={classes.action}>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${group.name}`}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconUsers size={16} aria-hidden />} onClick={() => onAction('users')}>
            Users
          </Menu.Item>
          <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => onAction('change')}>
            Rename
          </Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => onAction('delete')}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Table.Td>
  </Table.Tr>
);
