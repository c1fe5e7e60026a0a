import { Button, Menu, Stack } from '@mantine/core';
import { IconDownload, IconListSearch } from '@tabler/icons-react';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { AuditRow } from '@webxterm/contracts/rest';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { Failure } from '../layout/failure.tsx';
import { ListPages } from '../layout/list-pages.tsx';
import { NotFound } from '../layout/not-found.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { useUser } from '../sign-in/sign-in-context.ts';
import { AuditFilters } from './audit-filters.tsx';
import { useAudit, useAuditDownload } from './audit-queries.ts';
import { filterOf, filtersOf } from './audit-search.ts';
import { AuditTable, AuditTableSkeleton } from './audit-table.tsx';

const route = getRouteApi('/signed-in/framed/audit');

/** The audit log, for administrators. */
export const AuditPage = () => {
  usePageTitle('Audit log');
  const me = useUser();
  if (me !== undefined && me.role !== 'admin')
    return <NotFound title="Administrators only" text="Ask an administrator for the entries that you need." />;
  return <Log />;
};

const Log = () => {
  const { cursor, ...search } = route.useSearch();
  const navigate = useNavigate();
  const filter = filterOf(search);
  const log = useAudit(filter, cursor);
  const rows = log.data?.events;
  return (
    <>
      <PageHeader title="Audit log" text="Actions of users and agents, the latest first." actions={<Downloads />} />
      <AuditFilters userName={nameOf(rows, search.user)} />
      {log.isError && (
        <Stack mb="md">
          <Failure
            title={rows === undefined ? 'The audit log could not be loaded' : 'This list may be out of date'}
            error={log.error}
            onRetry={() => void log.refetch()}
          />
        </Stack>
      )}
      {log.isPending && <AuditTableSkeleton />}
      {rows?.length === 0 && cursor === undefined && <Nothing filtered={Object.keys(filter).length > 0} />}
      <Stack aria-busy={log.isPlaceholderData}>
        {rows !== undefined && rows.length > 0 && <AuditTable rows={rows} search={search} />}
        <ListPages
          cursor={cursor}
          page={log}
          rows={rows?.length ?? 0}
          onMove={({ cursor, ...how }) => void navigate({ to: '/audit', search: { ...search, cursor }, ...how })}
        />
      </Stack>
    </>
  );
};

const nameOf = (rows: readonly AuditRow[] | undefined, userId: string | undefined): string | undefined =>
  rows?.find(({ actor }) => actor.user_id === userId)?.actor.username;

const Nothing = ({ filtered }: { filtered: boolean }) => {
  const navigate = useNavigate();
  return (
    <EmptyState
      icon={<IconListSearch size={28} stroke={1.6} />}
      title={filtered ? 'Nothing found' : 'Nothing yet'}
      text={filtered ? 'No entry matches all of these filters.' : 'Actions are listed here within seconds.'}
    >
      {filtered && (
        <Button variant="default" onClick={() => void navigate({ to: '/audit', search: {} })}>
          Show everything
        </Button>
      )}
    </EmptyState>
  );
};

const Downloads = () => {
  const download = useAuditDownload(filterOf(route.useSearch({ select: filtersOf })));
  return (
    <Stack gap="xs" align="flex-end">
      <Menu position="bottom-end" shadow="md" radius="md">
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<IconDownload size={17} aria-hidden />}
            loading={download.isPending}
            aria-label="Download what is listed"
          >
            Download
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => download.mutate('csv')}>As CSV, for a spreadsheet</Menu.Item>
          <Menu.Item onClick={() => download.mutate('ndjson')}>As NDJSON, for a program</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {download.isError && <Failure title="The download failed" error={download.error} />}
    </Stack>
  );
};
