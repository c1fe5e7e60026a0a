import { Button, Checkbox, Group, Menu, NativeSelect, Select, Text } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { MachineOwner, MachineSort, MachineStatus } from '@webxterm/contracts/rest';
import { SearchField } from '../layout/search-field.tsx';
import { type Column, columns, type ListSettings, type MachineListView } from './list-settings.ts';
import { SavedViews } from './saved-views.tsx';

const orders: Readonly<Record<MachineSort, string>> = {
  name: 'Name',
  '-name': 'Name, Z to A',
  status: 'Online first',
  '-last_active': 'Recently active',
  '-created_at': 'Newest first',
};

const columnNames: Readonly<Record<Column, string>> = {
  load: 'CPU and memory',
  seen: 'Last seen',
  agent: 'Agent version',
  owner: 'Owner',
};

/** Search, filters, order, columns and saved views of the list of machines. */
export const MachineFilters = (props: {
  view: MachineListView;
  settings: ListSettings;
  onView: (view: MachineListView, typing?: boolean) => void;
  onSettings: (settings: ListSettings) => void;
}) => {
  const { view, settings, onView, onSettings } = props;
  const set = (change: Partial<MachineListView>, typing?: boolean): void => onView({ ...view, ...change }, typing);
  return (
    <Group mb="md" gap="sm">
      <SearchField
        label="Search machines"
        placeholder="Search by name or tag"
        search={view.search}
        onSearch={(search) => set({ search }, true)}
      />
      <Select
        size="sm"
        w={150}
        aria-label="Status"
        placeholder="Any status"
        clearable
        clearButtonProps={{ 'aria-label': 'Any status' }}
        value={view.status ?? null}
        onChange={(value) => set({ status: MachineStatus.safeParse(value).data })}
        data={[
          { value: 'online', label: 'Online' },
          { value: 'offline', label: 'Offline' },
          { value: 'pending', label: 'Waiting' },
        ]}
      />
      <Select
        size="sm"
        w={160}
        aria-label="Owner"
        placeholder="Any owner"
        clearable
        clearButtonProps={{ 'aria-label': 'Any owner' }}
        value={view.owner ?? null}
        onChange={(value) => set({ owner: MachineOwner.safeParse(value).data })}
        data={[
          { value: 'me', label: 'My machines' },
          { value: 'others', label: 'Of others' },
        ]}
      />
      <NativeSelect
        size="sm"
        w={160}
        aria-label="Order"
        value={view.sort ?? settings.sort}
        onChange={({ currentTarget: { value } }) => {
          const sort = MachineSort.safeParse(value).data ?? 'name';
          onSettings({ ...settings, sort });
          set({ sort });
        }}
        data={MachineSort.options.map((value) => ({ value, label: orders[value] }))}
      />
      <Columns
        shown={settings.columns}
        onChange={(shown) => onSettings({ ...settings, columns: columns.filter((column) => shown.includes(column)) })}
      />
      <SavedViews view={view} settings={settings} onView={onView} onSettings={onSettings} />
      <Text component="span" className="wx-unseen" role="status">
        {view.search !== undefined ? `Filtered by ${view.search}` : ''}
      </Text>
    </Group>
  );
};

const Columns = ({ shown, onChange }: { shown: readonly Column[]; onChange: (shown: readonly Column[]) => void }) => (
  <Menu position="bottom-start" shadow="md" radius="md" closeOnItemClick={false}>
    <Menu.Target>
      <Button variant="default" size="sm" leftSection={<IconColumns3 size={16} aria-hidden />}>
        Columns
      </Button>
    </Menu.Target>
    <Menu.Dropdown>
      {columns.map((column) => (
        <Menu.Item
          key={column}
          role="menuitemcheckbox"
          aria-checked={shown.includes(column)}
          leftSection={<Checkbox.Indicator size="xs" checked={shown.includes(column)} />}
          onClick={() =>
            onChange(shown.includes(column) ? shown.filter((other) => other !== column) : [...shown, column])
          }
        >
          {columnNames[column]}
        </Menu.Item>
      ))}
    </Menu.Dropdown>
  </Menu>
);
