import { ActionIcon, Badge, Button, Checkbox, Group, Skeleton, Table, Text } from '@mantine/core';
import { IconChevronDown, IconTerminal2 } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Machine } from '@webxterm/contracts/rest';
import type { UnreadableMachine } from '../api/machine-rows.ts';
import { ago } from '../layout/format.ts';
import { useUser } from '../sign-in/sign-in-context.ts';
import { isChoice, LinuxUserMenu } from './linux-user-menu.tsx';
import type { Column } from './list-settings.ts';
import { useRights } from './machine-queries.ts';
import classes from './machine-table.module.css';
import { Meter } from './meter.tsx';
import { platform } from './platform-name.ts';
import { Status } from './status.tsx';
import { updateBadge } from './update-words.ts';

/** Which machines are selected. Only those that the user manages can be. */
export interface MachineSelection {
  has(agentId: string): boolean;
  toggle(agentId: string): void;
  /** Selects all machines of the page, or none. */
  toggleAll(): void;
  readonly state: 'none' | 'some' | 'all';
}

interface MachineTableProps {
  readonly machines: readonly Machine[];
  readonly unreadable: readonly UnreadableMachine[];
  readonly now: number;
  readonly columns: readonly Column[];
  /** Undefined: no machine of the page can be selected. */
  readonly selection?: MachineSelection | undefined;
}

/** The user's machines, one row each. On a phone, a row shows only name, status and the terminal button. */
export const MachineTable = ({ machines, unreadable, now, columns, selection }: MachineTableProps) => (
  <div className={classes.frame}>
    <Table className={classes.table} verticalSpacing="sm" horizontalSpacing="md" aria-label="Machines">
      <Head columns={columns} selection={selection} />
      <Table.Tbody>
        {machines.map((machine) => (
          <Row key={machine.agent_id} machine={machine} now={now} columns={columns} selection={selection} />
        ))}
        {unreadable.map((machine, index) => (
          <UnreadableRow key={machine.agentId ?? `unreadable ${index}`} machine={machine} />
        ))}
      </Table.Tbody>
    </Table>
  </div>
);

/** The row links to the machine's page, which shows details and where it can be removed or left. */
const UnreadableRow = ({ machine }: { machine: UnreadableMachine }) => (
  <Table.Tr>
    <Table.Td className={classes.nameCell} colSpan={8}>
      {machine.agentId === undefined ? (
        <Text fw={600}>{machine.name || 'A machine'}</Text>
      ) : (
        <Link className={classes.name} to={`/machines/${machine.agentId}`}>
          {machine.name || 'A machine'}
        </Link>
      )}
      <Text size="xs" c="dimmed">
        This machine's details cannot be read.
      </Text>
    </Table.Td>
  </Table.Tr>
);

const Head = ({ columns, selection }: Pick<MachineTableProps, 'columns' | 'selection'>) => (
  <Table.Thead>
    <Table.Tr>
      {selection !== undefined && (
        <Table.Th className={classes.selectCell}>
          <Checkbox
            size="xs"
            aria-label="Select all machines of this page"
            checked={selection.state === 'all'}
            indeterminate={selection.state === 'some'}
            onChange={() => selection.toggleAll()}
          />
        </Table.Th>
      )}
      <Table.Th>Machine</Table.Th>
      <Table.Th>Status</Table.Th>
      {columns.includes('load') && <Table.Th className={classes.wide}>CPU and memory</Table.Th>}
      {columns.includes('seen') && <Table.Th className={classes.medium}>Last seen</Table.Th>}
      {columns.includes('agent') && <Table.Th className={classes.wide}>Agent</Table.Th>}
      {columns.includes('owner') && <Table.Th className={classes.wide}>Owner</Table.Th>}
      <Table.Th>
        <span className="wx-unseen">Terminal</span>
      </Table.Th>
    </Table.Tr>
  </Table.Thead>
);

const Row = ({
  machine,
  now,
  columns,
  selection,
}: { machine: Machine } & Pick<MachineTableProps, 'now' | 'columns' | 'selection'>) => {
  const manages = useRights(machine).includes('manage');
  const me = useUser();
  const online = machine.status === 'online';
  const stats = online ? (machine.resource_stats ?? undefined) : undefined;
  const update = updateBadge(machine.update);
  return (
    <Table.Tr>
      {selection !== undefined && (
        <Table.Td className={classes.selectCell}>
          {manages && (
            <Checkbox
              size="xs"
              aria-label={`Select ${machine.name}`}
              checked={selection.has(machine.agent_id)}
              onChange={() => selection.toggle(machine.agent_id)}
            />
          )}
        </Table.Td>
      )}
      <Table.Td className={classes.nameCell}>
        <Link to="/machines/$agentId" params={{ agentId: machine.agent_id }} className={classes.name}>
          {machine.name}
        </Link>
        {machine.new_from !== null && (
          <Badge size="xs" color="blue" variant="light">
            new, from {machine.new_from}
          </Badge>
        )}
        {machine.notice !== null && (
          <Badge size="xs" color={machine.notice.kind === 'cloned' ? 'red' : 'blue'} variant="light">
            {machine.notice.kind === 'cloned' ? 'copied' : 'agent replaced'}
          </Badge>
        )}
        {update !== undefined && (
          <Badge size="xs" color={update.color} variant="light">
            {update.text}
          </Badge>
        )}
        <Text size="xs" c="dimmed" truncate>
          {platform(machine)}
          {machine.agent_version !== '' && !columns.includes('agent') && ` · agent ${machine.agent_version}`}
        </Text>
        {machine.tags.length > 0 && <Tags tags={machine.tags} />}
      </Table.Td>
      <Table.Td className={classes.statusCell}>
        <Status status={machine.status} />
      </Table.Td>
      {columns.includes('load') && (
        <Table.Td className={classes.wide}>
          <div className={classes.meters}>
            <Meter label={`CPU of ${machine.name}`} short="CPU" percent={stats?.cpu_percent} />
            <Meter label={`Memory of ${machine.name}`} short="Mem" percent={stats?.memory_percent} />
          </div>
        </Table.Td>
      )}
      {columns.includes('seen') && (
        <Table.Td className={classes.medium}>
          <Text size="sm" c="dimmed">
            {online ? 'now' : machine.last_active === null ? 'never' : ago(Date.parse(machine.last_active), now)}
          </Text>
        </Table.Td>
      )}
      {columns.includes('agent') && (
        <Table.Td className={classes.wide}>
          <Text size="sm" c="dimmed">
            {machine.agent_version}
          </Text>
        </Table.Td>
      )}
      {columns.includes('owner') && (
        <Table.Td className={classes.wide}>
          <Text size="sm" c="dimmed">
            {machine.owner_id === me?.id ? 'me' : 'another user'}
          </Text>
        </Table.Td>
      )}
      <Table.Td className={classes.action}>
        <OpenTerminal machine={machine} />
      </Table.Td>
    </Table.Tr>
  );
};

/** The tags of a machine. A click on a tag searches for it. */
const Tags = ({ tags }: { tags: readonly string[] }) => (
  <div className={classes.tags}>
    {tags.map((tag) => (
      <Badge
        key={tag}
        component={Link}
        to={`/?search=${encodeURIComponent(tag)}`}
        size="xs"
        color="gray"
        className={classes.tag}
        aria-label={`Machines with ${tag}`}
      >
        {tag}
      </Badge>
    ))}
  </div>
);

/** Opens a terminal. Also shown for an offline machine, because its shells keep running; the terminal then waits for it. */
export const OpenTerminal = ({ machine, size = 'xs' }: { machine: Machine; size?: 'xs' | 'sm' }) => {
  const rights = useRights(machine);
  const navigate = useNavigate();
  const users = machine.my_linux_users ?? [];
  const variant = machine.status === 'online' ? 'filled' : 'default';
  return rights.includes('open') && machine.status !== 'revoked' && machine.status !== 'pending' ? (
    <Group gap={4} wrap="nowrap">
      <Button
        component={Link}
        to={`/terminal/${machine.agent_id}`}
        size={size}
        variant={variant}
        leftSection={<IconTerminal2 size={16} stroke={1.9} aria-hidden />}
        aria-label={`Open a terminal on ${machine.name}`}
      >
        <span className={classes.word}>Terminal</span>
      </Button>
      {isChoice(users) && (
        <LinuxUserMenu
          users={users}
          onChoose={(user) =>
            void navigate({ to: '/terminal/$agentId', params: { agentId: machine.agent_id }, search: { user } })
          }
        >
          <ActionIcon
            variant={variant}
            size={size === 'xs' ? 30 : 36}
            aria-label={`Choose the Linux user of a terminal on ${machine.name}`}
          >
            <IconChevronDown size={15} />
          </ActionIcon>
        </LinuxUserMenu>
      )}
    </Group>
  ) : (
    <Text size="xs" c="dimmed">
      {rights.includes('open') ? '' : rights.includes('manage') ? 'Manage only' : 'View only'}
    </Text>
  );
};

/** Shown until the first page has loaded. */
export const MachineTableSkeleton = () => (
  <div className={classes.frame} aria-busy="true" role="status" aria-label="Loading your machines">
    {['a', 'b', 'c', 'd'].map((row) => (
      <div key={row} className={classes.ghost}>
        <div>
          <Skeleton height={14} width={150} mb={8} />
          <Skeleton height={10} width={100} />
        </div>
        <Skeleton height={12} width={70} />
        <Skeleton height={30} width={105} radius="md" />
      </div>
    ))}
  </div>
);
