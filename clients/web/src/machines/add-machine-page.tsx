import { Group, Loader, Paper, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { Machine } from '@webxterm/contracts/rest';
import { useEffect, useState } from 'react';
import { usePageTitle } from '../brand/page-title.ts';
import { PageHeader } from '../layout/page-header.tsx';
import { AddMachineSteps } from './add-machine-steps.tsx';
import classes from './cards.module.css';
import { useMachineList } from './machine-queries.ts';
import { OpenTerminal } from './machine-table.tsx';

export const AddMachinePage = () => {
  usePageTitle('Add a machine');
  return (
    <Stack maw={760} mx="auto" gap="lg">
      <PageHeader title="Add a machine" text="Run these on the machine. It needs Node and a way out to this server." />
      <Paper className={classes.card} component="section" aria-label="Commands">
        <AddMachineSteps />
      </Paper>
      <Paper className={classes.card} component="section" aria-label="Waiting for the machine">
        <Arrival />
      </Paper>
    </Stack>
  );
};

/** Watches the list for machines that were not there when the page opened. */
const Arrival = () => {
  const list = useMachineList({ limit: 500 });
  const [before, setBefore] = useState<ReadonlySet<string>>();
  const machines = list.data?.machines;
  useEffect(() => {
    if (before === undefined && machines !== undefined) setBefore(new Set(machines.map((machine) => machine.agent_id)));
  }, [before, machines]);
  const arrived = before === undefined ? [] : (machines ?? []).filter((machine) => !before.has(machine.agent_id));
  return (
    <Stack gap="md" role="status">
      {arrived.map((machine) => (
        <Arrived key={machine.agent_id} machine={machine} />
      ))}
      {arrived.length === 0 && (
        <Group gap="md" wrap="nowrap">
          <Loader size="sm" type="dots" aria-hidden />
          <div>
            <Text fw={600}>Waiting for the machine to connect</Text>
            <Text size="sm" c="dimmed">
              It shows up here within a second of starting. You can leave this page; it will be in your list.
            </Text>
          </div>
        </Group>
      )}
    </Stack>
  );
};

const Arrived = ({ machine }: { machine: Machine }) => (
  <Group justify="space-between" wrap="nowrap">
    <Group gap="md" wrap="nowrap">
      <ThemeIcon radius="xl" size={34} color="green" variant="light">
        <IconCheck size={19} stroke={2.4} aria-hidden />
      </ThemeIcon>
      <div>
        <Text fw={600}>{machine.name} is here</Text>
        <Text size="sm" c="dimmed">
          {machine.status === 'online' ? 'Online and ready.' : 'Registered. Start the agent to bring it online.'}
        </Text>
      </div>
    </Group>
    {machine.status === 'online' && <OpenTerminal machine={machine} size="sm" />}
  </Group>
);
