import { Button, Group, Stack } from '@mantine/core';
import { IconShieldLock, IconUserPlus, IconUserQuestion } from '@tabler/icons-react';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { User, UserList } from '../api/account-calls.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { ListFailure, ListPages } from '../layout/list-pages.tsx';
import { NotFound } from '../layout/not-found.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { SearchField } from '../layout/search-field.tsx';
import { useUser } from '../sign-in/sign-in-context.ts';
import { ChangeUserDialog, type UserAction } from './change-user-dialog.tsx';
import { CreateUserDialog } from './create-user-dialog.tsx';
import { DeleteUserDialog } from './delete-user-dialog.tsx';
import { FactorPolicyDialog } from './factor-policy-dialog.tsx';
import { useUserList } from './user-queries.ts';
import { UserTable, UserTableSkeleton } from './user-table.tsx';
import { UserTokensDialog } from './user-tokens-dialog.tsx';

const pageSize = 25;

const route = getRouteApi('/signed-in/framed/users');

/** The list of users, for administrators. */
export const UsersPage = () => {
  usePageTitle('Users');
  const me = useUser();
  if (me !== undefined && me.role !== 'admin')
    return <NotFound title="Administrators only" text="Ask an administrator to change an account." />;
  return <Users me={me?.id} />;
};

const Users = ({ me }: { me: string | undefined }) => {
  const filter = route.useSearch();
  const navigate = useNavigate();
  const list = useUserList({
    limit: pageSize,
    ...(filter.cursor !== undefined && { cursor: filter.cursor }),
    ...(filter.search !== undefined && { search: filter.search }),
  });
  const [creating, setCreating] = useState(false);
  const [policy, setPolicy] = useState(false);
  return (
    <>
      <PageHeader
        title="Users"
        text={list.data === undefined ? undefined : summary(list.data, filter.search)}
        actions={
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconShieldLock size={17} aria-hidden />}
              onClick={() => setPolicy(true)}
            >
              Second factor policy
            </Button>
            <Button leftSection={<IconUserPlus size={17} aria-hidden />} onClick={() => setCreating(true)}>
              Add a user
            </Button>
          </Group>
        }
      />
      <Search />
      <ListFailure failed="The users could not be loaded" list={list} />
      {list.isPending && <UserTableSkeleton />}
      <Stack>
        {list.data !== undefined && <Result list={list.data} me={me} />}
        <ListPages
          cursor={filter.cursor}
          page={list}
          rows={list.data?.users.length ?? 0}
          onMove={({ cursor, ...how }) => void navigate({ to: '/users', search: { ...filter, cursor }, ...how })}
        />
      </Stack>
      {policy && <FactorPolicyDialog onClose={() => setPolicy(false)} />}
      <CreateUserDialog opened={creating} onClose={() => setCreating(false)} />
    </>
  );
};

const summary = ({ total }: UserList, search: string | undefined): string => {
  const count = total === 1 ? '1 user' : `${total} users`;
  return search === undefined ? count : `${count} found`;
};

const Result = ({ list, me }: { list: UserList; me: string | undefined }) => {
  const navigate = useNavigate();
  const [acting, setActing] = useState<{ user: User; action: UserAction | 'delete' | 'tokens' }>();
  const close = (): void => setActing(undefined);
  if (list.total === 0)
    return (
      <EmptyState
        icon={<IconUserQuestion size={28} stroke={1.6} />}
        title="Nobody found"
        text="No username or e-mail address contains this text."
      >
        <Button variant="default" onClick={() => void navigate({ to: '/users', search: {} })}>
          Show all users
        </Button>
      </EmptyState>
    );
  return (
    <>
      <UserTable users={list.users} me={me} onAction={(user, action) => setActing({ user, action })} />
      {acting?.action === 'delete' && <DeleteUserDialog user={acting.user} onClose={close} />}
      {acting?.action === 'tokens' && <UserTokensDialog user={acting.user} onClose={close} />}
      {acting !== undefined && acting.action !== 'delete' && acting.action !== 'tokens' && (
        <ChangeUserDialog user={acting.user} action={acting.action} onClose={close} />
      )}
    </>
  );
};

const Search = () => {
  const filter = route.useSearch();
  const navigate = useNavigate();
  return (
    <Group mb="md">
      <SearchField
        label="Search users"
        placeholder="Search by name or e-mail"
        search={filter.search}
        onSearch={(search) => void navigate({ to: '/users', replace: true, search: { search } })}
      />
    </Group>
  );
};
