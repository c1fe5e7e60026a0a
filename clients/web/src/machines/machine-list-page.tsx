import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { IconPlus, IconSearch, IconServer2 } from '@tabler/icons-react';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { MachineStatus } from '@webxterm/contracts/rest';
import { z } from 'zod';
import type { MachineList } from '../api/server.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { ListCursor, ListFailure, ListPages } from '../layout/list-pages.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { SearchField } from '../layout/search-field.tsx';
import { useMachineList } from './machine-queries.ts';
import { MachineTable, MachineTableSkeleton } from './machine-table.tsx';
import { useNow } from './now.ts';

const pageSize = 25;

/** `?search=&status=&cursor=` of the list, in the URL for sharing and for the back button. */
export const MachineListSearch = z.object({
  search: z.string().max(200).optional().catch(undefined),
  status: MachineStatus.optional().catch(undefined),
  cursor: ListCursor,
});

const route = getRouteApi('/signed-in/framed/');

export const MachineListPage = () => {
  usePageTitle('Machines');
  const filter = route.useSearch();
  const navigate = useNavigate();
  const list = useMachineList({
    limit: pageSize,
    ...(filter.cursor !== undefined && { cursor: filter.cursor }),
    ...(filter.search !== undefined && { search: filter.search }),
    ...(filter.status !== undefined && { status: filter.status }),
  });
  const filtered = filter.search !== undefined || filter.status !== undefined;
  const none = list.data?.total === 0 && !filtered;
  return (
    <>
      <PageHeader
        title="Machines"
        text={none ? undefined : summary(list.data, filtered)}
        actions={!none && <AddButton />}
      />
      {!none && <Filters />}
      <ListFailure failed="Your machines could not be fetched" list={list} />
      {list.isPending && <MachineTableSkeleton />}
      <Stack>
        {list.data !== undefined && <Result list={list.data} filtered={filtered} />}
        <ListPages
          cursor={filter.cursor}
          page={list}
          rows={(list.data?.machines.length ?? 0) + (list.data?.unreadable.length ?? 0)}
          onMove={({ cursor, ...how }) => void navigate({ to: '/', search: { ...filter, cursor }, ...how })}
        />
      </Stack>
    </>
  );
};

const summary = (list: MachineList | undefined, filtered: boolean): string | undefined => {
  if (list === undefined) return undefined;
  const count = list.total === 1 ? '1 machine' : `${list.total} machines`;
  return filtered ? `${count} found` : count;
};

const Result = ({ list, filtered }: { list: MachineList; filtered: boolean }) => {
  const now = useNow();
  if (list.total === 0) return filtered ? <NothingFound /> : <NoMachines />;
  return <MachineTable machines={list.machines} unreadable={list.unreadable} now={now} />;
};

const AddButton = () => (
  <Button component={Link} to="/machines/add" leftSection={<IconPlus size={17} stroke={2.2} aria-hidden />}>
    Add a machine
  </Button>
);

const NoMachines = () => (
  <EmptyState
    icon={<IconServer2 size={28} stroke={1.6} />}
    title="No machines yet"
    text="Run two commands on a machine of yours and it appears here by itself, ready for a terminal."
  >
    <AddButton />
  </EmptyState>
);

const NothingFound = () => {
  const navigate = useNavigate();
  return (
    <EmptyState
      icon={<IconSearch size={28} stroke={1.6} />}
      title="Nothing found"
      text="No machine has that in its name, description or tags, and that status."
    >
      <Button variant="default" onClick={() => void navigate({ to: '/', search: {} })}>
        Show all machines
      </Button>
    </EmptyState>
  );
};

const Filters = () => {
  const filter = route.useSearch();
  const navigate = useNavigate();
  return (
    <Group mb="md" gap="sm" wrap="nowrap">
      <SearchField
        label="Search machines"
        placeholder="Search by name or tag"
        search={filter.search}
        onSearch={(search) => void navigate({ to: '/', replace: true, search: { status: filter.status, search } })}
      />
      <Select
        size="sm"
        w={150}
        aria-label="Status"
        placeholder="Any status"
        clearable
        clearButtonProps={{ 'aria-label': 'Any status' }}
        value={filter.status ?? null}
        onChange={(value) =>
          void navigate({
            to: '/',
            search: { search: filter.search, status: MachineStatus.safeParse(value).data },
          })
        }
        data={[
          { value: 'online', label: 'Online' },
          { value: 'offline', label: 'Offline' },
        ]}
      />
      <Text component="span" className="wx-unseen" role="status">
        {filter.search !== undefined ? `Filtered by ${filter.search}` : ''}
      </Text>
    </Group>
  );
};
