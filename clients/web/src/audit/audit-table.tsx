import { ActionIcon, Anchor, Badge, Code, Skeleton, Table, Text, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { AuditRow } from '@webxterm/contracts/rest';
import { Fragment, useId, useState } from 'react';
import { localTime } from '../layout/format.ts';
import { useMachineNames } from '../sessions/session-queries.ts';
import classes from './audit.module.css';
import {
  actionPhrase,
  actorName,
  moreFacts,
  namesMachine,
  outcomeOf,
  resultPhrase,
  subjectOf,
  targetName,
} from './audit-phrases.ts';
import type { AuditFilters } from './audit-search.ts';

interface AuditTableProps {
  readonly rows: readonly AuditRow[];
  readonly search: AuditFilters;
}

export const AuditTable = ({ rows, search }: AuditTableProps) => {
  const machineOf = useMachineNames(rows.filter(namesMachine).map(({ agent_id }) => agent_id ?? ''));
  return (
    <div className={classes.frame}>
      <Table className={classes.table} verticalSpacing="xs" horizontalSpacing="md" aria-label="Audit log">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th className={classes.wide}>From</Table.Th>
            <Table.Th className={classes.medium}>Result</Table.Th>
            <Table.Th>
              <span className="wx-unseen">More</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Row key={row.seq} row={row} search={search} machineOf={machineOf} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
};

/** The name of a machine. Undefined: it is not known yet, or was removed. */
type MachineOf = (agentId: string) => string | undefined;

const Row = ({ row, search, machineOf }: { row: AuditRow; search: AuditFilters; machineOf: MachineOf }) => {
  const [open, setOpen] = useState(false);
  const id = useId();
  const outcome = outcomeOf(row);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <Fragment>
      <Table.Tr data-open={open}>
        <Table.Td className={classes.when}>
          <Text size="sm" component="time" dateTime={row.at} title={row.at}>
            {localTime(row.at)}
          </Text>
        </Table.Td>
        <Table.Td>
          <Who row={row} search={search} />
        </Table.Td>
        <Table.Td>
          <What row={row} machineOf={machineOf} />
          {outcome.text !== resultPhrase.ok && (
            <Badge className={classes.narrow} size="sm" variant="light" color={outcome.color}>
              {outcome.text}
            </Badge>
          )}
        </Table.Td>
        <Table.Td className={classes.wide}>
          <Text size="sm" c="dimmed">
            {row.address}
          </Text>
        </Table.Td>
        <Table.Td className={classes.medium}>
          <Badge variant="light" color={outcome.color}>
            {outcome.text}
          </Badge>
        </Table.Td>
        <Table.Td className={classes.action}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-expanded={open}
            aria-controls={id}
            aria-label={`More about row ${row.seq}`}
            onClick={() => setOpen(!open)}
          >
            <Chevron size={17} aria-hidden />
          </ActionIcon>
        </Table.Td>
      </Table.Tr>
      {open && (
        <Table.Tr id={id}>
          <Table.Td colSpan={6} pt={0}>
            <More row={row} search={search} />
          </Table.Td>
        </Table.Tr>
      )}
    </Fragment>
  );
};

const Who = ({ row, search }: { row: AuditRow; search: AuditFilters }) => {
  const { actor } = row;
  const name = actorName(row);
  const user = actor.user_id ?? undefined;
  return (
    <div className={classes.who}>
      {user === undefined ? (
        <Text size="sm" c="dimmed">
          {name}
        </Text>
      ) : (
        <Anchor
          renderRoot={(props) => <Link {...props} to="/audit" search={{ ...search, user }} />}
          size="sm"
          fw={600}
          aria-label={`${name}: show only this user`}
        >
          {name}
        </Anchor>
      )}
      {!actor.verified && (
        <Tooltip
          label={`Only the ${row.service} service says so: it showed no sign-in of this user.`}
          withArrow
          multiline
        >
          <IconAlertTriangle className={classes.unverified} size={15} aria-label="Not verified" role="img" />
        </Tooltip>
      )}
    </div>
  );
};

const What = ({ row, machineOf }: { row: AuditRow; machineOf: MachineOf }) => {
  const target = targetName(row);
  const subject = subjectOf(row);
  return (
    <Text size="sm">
      {actionPhrase[row.action]}
      {target !== undefined && (
        <Text span size="sm" fw={600}>
          {' '}
          {target}
        </Text>
      )}
      {namesMachine(row) && (
        <>
          {' on '}
          <Text span size="sm" fw={600}>
            {machineOf(row.agent_id ?? '') ?? row.agent_id}
          </Text>
        </>
      )}
      {subject !== undefined && <Code className={classes.command}>{subject}</Code>}
      {row.count > 1 && (
        <Text span size="sm" c="dimmed">
          {' '}
          × {row.count}
        </Text>
      )}
    </Text>
  );
};

const More = ({ row, search }: { row: AuditRow; search: AuditFilters }) => (
  <>
    <dl className={classes.facts}>
      {moreFacts(row).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
    {row.agent_id !== null && (
      <Anchor
        size="sm"
        renderRoot={(props) => (
          <Link {...props} to="/audit" search={{ ...search, machine: row.agent_id ?? undefined }} />
        )}
      >
        Only this machine
      </Anchor>
    )}
  </>
);

/** Shown until the first page has loaded. */
export const AuditTableSkeleton = () => (
  <div className={classes.frame} aria-busy="true" role="status" aria-label="Loading the audit log">
    {['a', 'b', 'c', 'd', 'e', 'f'].map((row) => (
      <Skeleton key={row} height={24} m="md" radius="md" />
    ))}
  </div>
);
