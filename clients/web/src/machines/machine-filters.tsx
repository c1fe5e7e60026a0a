import { Button, Checkbox, Group, Menu, NativeSelect, Select, Text } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { MachineSort } from '@webxterm/contracts/rest';
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
      <Filter
        label="Status"
        any="Any status"
        value={view.status}
        options={{ online: 'Online', offline: 'Offline', pending: 'Waiting' }}
        onChange={(status) => set({ status })}
      />
      <Filter
        label="Owner"
        any="Any owner"
        value={view.owner}
        options={{ me: 'My machines', others: 'Of others' }}
        onChange={(owner) => set({ owner })}
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

const Filter = <Value extends string>(props: {
  label: string;
  /** Shown while there is no filter. */
  any: string;
  value: string | undefined;
  options: Readonly<Record<Value, string>>;
  onChange: (value: Value | undefined) => void;
}) => {
  const values = Object.keys(props.options).filter((key): key is Value => Object.hasOwn(props.options, key));
  return (
    <Select
      size="sm"
      w={150}
      aria-label={props.label}
      placeholder={props.any}
      clearable
      clearButtonProps={{ 'aria-label': props.any }}
      value={props.value ?? null}
      onChange={(chosen) => props.onChange(values.find((value) => value === chosen))}
      data={values.map((value) => ({ value, label: props.options[value] }))}
    />
  );
};

const Columns = ({ shown, onChange }: { shown: readonly Column[]; onChange: (shown: readonly Column[]) => void }) => (
  <Menu position="bottom-start" shadow="md" radius="md" closeOnItemClick={false}>
    <Menu.Target>
      {/* A phone shows none of these columns. */}
      <Button variant="default" size="sm" visibleFrom="sm" leftSection={<IconColumns3 size={16} aria-hidden />}>
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
