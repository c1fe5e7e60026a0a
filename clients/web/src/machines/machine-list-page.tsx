import { Button, Group, NativeSelect, Stack } from '@mantine/core';
import { IconPlus, IconSearch, IconServer2 } from '@tabler/icons-react';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { Machine } from '@webxterm/contracts/rest';
import type { Right } from '@webxterm/contracts/rights';
import { useState } from 'react';
import type { MachineList } from '../api/server.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { ListFailure, ListPages } from '../layout/list-pages.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { useUser } from '../sign-in/sign-in-context.ts';
import { BulkBar } from './bulk-bar.tsx';
import { type Column, type ListSettings, type MachineListView, pageSizes } from './list-settings.ts';
import { MachineFilters } from './machine-filters.tsx';
import { useMachineList } from './machine-queries.ts';
import { rightsOn } from './machine-rights.ts';
import { type MachineSelection, MachineTable, MachineTableSkeleton } from './machine-table.tsx';
import { useNow } from './now.ts';
import { useListSettings } from './use-list-settings.ts';

const route = getRouteApi('/signed-in/framed/');

export const MachineListPage = () => {
  usePageTitle('Machines');
  const { cursor, ...view } = route.useSearch();
  const navigate = useNavigate();
  const [settings, setSettings] = useListSettings();
  const limit = view.limit ?? settings.limit;
  const list = useMachineList({
    limit,
    sort: view.sort ?? settings.sort,
    ...(cursor !== undefined && { cursor }),
    ...(view.search !== undefined && { search: view.search }),
    ...(view.status !== undefined && { status: view.status }),
    ...(view.owner !== undefined && { owner: view.owner }),
    ...(view.version !== undefined && { version: view.version }),
  });
  const filtered = [view.search, view.status, view.owner, view.version].some((value) => value !== undefined);
  const none = list.data?.total === 0 && !filtered;
  /** Shows the first page of another view. */
  const show = (next: MachineListView, typing = false): void =>
    void navigate({ to: '/', search: next, replace: typing });
  return (
    <>
      <PageHeader
        title="Machines"
        text={none ? undefined : summary(list.data, filtered)}
        actions={!none && <AddButton />}
      />
      {!none && <MachineFilters view={view} settings={settings} onView={show} onSettings={setSettings} />}
      <ListFailure failed="Your machines could not be loaded" list={list} />
      {list.isPending && <MachineTableSkeleton />}
      <Stack>
        {list.data !== undefined && <Result list={list.data} filtered={filtered} columns={settings.columns} />}
        <ListPages
          cursor={cursor}
          page={list}
          rows={(list.data?.machines.length ?? 0) + (list.data?.unreadable.length ?? 0)}
          onMove={({ cursor: to, ...how }) => void navigate({ to: '/', search: { ...view, cursor: to }, ...how })}
        />
        {(list.data?.total ?? 0) > (pageSizes[0] ?? 0) && (
          <PageSize
            size={limit}
            onChange={(size) => {
              setSettings({ ...settings, limit: size });
              show({ ...view, limit: size });
            }}
          />
        )}
      </Stack>
    </>
  );
};

type PageSizeChoice = ListSettings['limit'];

const PageSize = ({ size, onChange }: { size: PageSizeChoice; onChange: (size: PageSizeChoice) => void }) => (
  <Group justify="center">
    <NativeSelect
      size="xs"
      aria-label="Machines on a page"
      value={String(size)}
      data={pageSizes.map((count) => ({ value: String(count), label: `${count} on a page` }))}
      onChange={({ currentTarget: { value } }) => {
        const chosen = pageSizes.find((count) => String(count) === value);
        if (chosen !== undefined) onChange(chosen);
      }}
    />
  </Group>
);

const summary = (list: MachineList | undefined, filtered: boolean): string | undefined => {
  if (list === undefined) return undefined;
  const count = list.total === 1 ? '1 machine' : `${list.total} machines`;
  return filtered ? `${count} found` : count;
};

/** The rights with which several machines can be changed, or used, at once. */
const bulkRights: readonly Right[] = ['command', 'manage'];

const Result = ({ list, ...shown }: { list: MachineList; filtered: boolean; columns: readonly Column[] }) => {
  const now = useNow();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const me = useUser();
  // The machines that are still in the list. One that has left the page is no longer selected.
  const chosen = list.machines.filter(({ agent_id }) => selected.has(agent_id));
  const mayWith = (machine: Machine): readonly Right[] =>
    rightsOn(machine, me?.role).filter((right) => bulkRights.includes(right));
  const possible = list.machines.filter((machine) => mayWith(machine).length > 0);
  const rights = bulkRights.filter((right) => chosen.every((machine) => mayWith(machine).includes(right)));
  if (list.total === 0) return shown.filtered ? <NothingFound /> : <NoMachines />;
  const all = chosen.length === possible.length;
  const selection: MachineSelection = {
    has: (agentId) => selected.has(agentId),
    toggle: (agentId) => {
      const next = new Set(chosen.map(({ agent_id }) => agent_id));
      if (!next.delete(agentId)) next.add(agentId);
      setSelected(next);
    },
    toggleAll: () => setSelected(new Set(all ? [] : possible.map(({ agent_id }) => agent_id))),
    state: chosen.length === 0 ? 'none' : all ? 'all' : 'some',
  };
  return (
    <div>
      {chosen.length > 0 && <BulkBar machines={chosen} rights={rights} onClear={() => setSelected(new Set())} />}
      <MachineTable
        machines={list.machines}
        unreadable={list.unreadable}
        now={now}
        columns={shown.columns}
        selection={possible.length > 0 ? selection : undefined}
      />
    </div>
  );
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
    text="Run one command on a machine of yours and it appears here by itself, ready for a terminal."
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
      text="No machine matches the search and the filters."
    >
      <Button variant="default" onClick={() => void navigate({ to: '/', search: {} })}>
        Show all machines
      </Button>
    </EmptyState>
  );
};
