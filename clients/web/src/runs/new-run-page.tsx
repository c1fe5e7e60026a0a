import {
  Accordion,
  Button,
  Group,
  NumberInput,
  Paper,
  Select,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import type { NewRun } from '@webxterm/contracts/rest';
import { runDefaults, runLimits } from '@webxterm/contracts/run-limits';
import { type FormEvent, useState } from 'react';
import { usePageTitle } from '../brand/page-title.ts';
import { Failure } from '../layout/failure.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { useMachineList } from '../machines/machine-queries.ts';
import { useStartRun } from './run-queries.ts';
import { machineCount, readVariables } from './run-words.ts';
import classes from './runs.module.css';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** The machines that were selected in the list for a new run. The history keeps them over a reload. */
    runMachines?: readonly { readonly agent_id: string; readonly name: string }[];
  }
}

const hourMs = 3_600_000;
const waitHours = 24;

/** `/runs/new`: the command, its inputs, and its machines. */
export const NewRunPage = () => {
  usePageTitle('Run a command');
  const chosen = useLocation({ select: ({ state }) => state.runMachines });
  const navigate = useNavigate();
  const start = useStartRun();
  const [command, setCommand] = useState('');
  const [variables, setVariables] = useState('');
  const [lines, setLines] = useState('');
  const [find, setFind] = useState<{ by: 'tag' | 'search'; text: string }>({ by: 'tag', text: '' });
  const [linuxUser, setLinuxUser] = useState('');
  const [pace, setPace] = useState<Paces>({
    concurrency: runDefaults.concurrency,
    failures: 0,
    timeout: runDefaults.timeoutSeconds,
  });
  const [waits, setWaits] = useState(false);
  const environment = readVariables(variables);
  const machines = chosen === undefined || chosen.length === 0 ? undefined : chosen;
  const ready =
    command.trim() !== '' && !('wrong' in environment) && (machines !== undefined || find.text.trim() !== '');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!ready || 'wrong' in environment) return;
    const wanted: NewRun = {
      command,
      environment: environment.variables,
      arguments: lines === '' ? [] : lines.split('\n'),
      timeout_seconds: pace.timeout,
      concurrency: pace.concurrency,
      ...(pace.failures > 0 && { stop_after_failures: pace.failures }),
      ...(linuxUser !== '' && { linux_user: linuxUser }),
      ...(waits && { wait_until: new Date(Date.now() + waitHours * hourMs).toISOString() }),
      ...(machines === undefined
        ? { [find.by]: find.text.trim() }
        : { agent_ids: machines.map(({ agent_id }) => agent_id) }),
    };
    start.mutate(wanted, { onSuccess: ({ run_id }) => void navigate({ to: `/runs/${run_id}` }) });
  };
  return (
    <form onSubmit={submit} aria-label="Run a command">
      <PageHeader title="Run a command" text="On many machines at once. Each machine starts it at most once." />
      <Stack gap="md" maw={760}>
        {machines === undefined ? (
          <FindMachines find={find} onFind={setFind} />
        ) : (
          <ChosenMachines names={machines.map(({ name }) => name)} />
        )}
        <Textarea
          label="Command"
          description="One line or several, for the shell of the Linux user. It stands in the audit log: put no secrets into it."
          required
          autosize
          minRows={2}
          maxRows={16}
          maxLength={runLimits.command}
          spellCheck={false}
          classNames={{ input: classes.field ?? '' }}
          value={command}
          onChange={({ currentTarget }) => setCommand(currentTarget.value)}
        />
        <Accordion variant="separated" radius="md">
          <Accordion.Item value="more">
            <Accordion.Control>Inputs, pace and Linux user</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="sm">
                <Textarea
                  label="Environment variables"
                  description="NAME=value, one a line. They are not visible to other users of a machine."
                  autosize
                  minRows={1}
                  spellCheck={false}
                  classNames={{ input: classes.field ?? '' }}
                  value={variables}
                  error={'wrong' in environment && `This is not like NAME=value: ${environment.wrong}`}
                  onChange={({ currentTarget }) => setVariables(currentTarget.value)}
                />
                <Textarea
                  label="Arguments"
                  description="$1, $2 and so on, one a line."
                  autosize
                  minRows={1}
                  spellCheck={false}
                  classNames={{ input: classes.field ?? '' }}
                  value={lines}
                  onChange={({ currentTarget }) => setLines(currentTarget.value)}
                />
                <TextInput
                  size="sm"
                  label="Linux user"
                  description="Empty: the default of each machine."
                  maw={320}
                  value={linuxUser}
                  onChange={({ currentTarget }) => setLinuxUser(currentTarget.value)}
                />
                <Pace pace={pace} onPace={setPace} />
                <Switch
                  label={`Wait up to ${waitHours} hours for machines that are offline`}
                  checked={waits}
                  onChange={({ currentTarget }) => setWaits(currentTarget.checked)}
                />
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
        {start.isError && <Failure title="The run could not be started" error={start.error} />}
        <Group>
          <Button
            type="submit"
            disabled={!ready}
            loading={start.isPending}
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
          >
            {machines === undefined ? 'Run' : `Run on ${machineCount(machines.length)}`}
          </Button>
          <Button variant="default" component={Link} to="/runs">
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

const shownNames = 12;

const ChosenMachines = ({ names }: { names: readonly string[] }) => (
  <Paper withBorder radius="md" p="sm">
    <Text fw={650}>On {machineCount(names.length)}</Text>
    <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
      {names.slice(0, shownNames).join(', ')}
      {names.length > shownNames && ` and ${names.length - shownNames} more`}
    </Text>
  </Paper>
);

interface FindMachinesProps {
  readonly find: { readonly by: 'tag' | 'search'; readonly text: string };
  readonly onFind: (find: { by: 'tag' | 'search'; text: string }) => void;
}

const FindMachines = ({ find, onFind }: FindMachinesProps) => (
  <div>
    <Group align="flex-end" gap="sm">
      <Select
        label="Machines"
        w={150}
        allowDeselect={false}
        data={[
          { value: 'tag', label: 'with the tag' },
          { value: 'search', label: 'found by' },
        ]}
        value={find.by}
        onChange={(by) => onFind({ ...find, by: by === 'search' ? 'search' : 'tag' })}
      />
      <TextInput
        size="sm"
        flex={1}
        miw={140}
        aria-label={find.by === 'tag' ? 'Tag' : 'Part of a name, a description or a tag'}
        placeholder={find.by === 'tag' ? 'web' : 'web-'}
        value={find.text}
        onChange={({ currentTarget }) => onFind({ ...find, text: currentTarget.value })}
      />
    </Group>
    <Text size="sm" c="dimmed" mt={6} role="status">
      {find.text.trim() === '' ? (
        'Or select machines in the list of machines.'
      ) : (
        <FoundCount by={find.by} text={find.text.trim()} />
      )}
    </Text>
  </div>
);

const FoundCount = ({ by, text }: { by: 'tag' | 'search'; text: string }) => {
  const found = useMachineList({ limit: 1, [by]: text });
  if (found.data === undefined) return '…';
  return `${machineCount(found.data.total)} now. Those that were never connected, or on which you may not run commands, are left out.`;
};

interface Paces {
  readonly concurrency: number;
  readonly failures: number;
  readonly timeout: number;
}

const Pace = ({ pace, onPace }: { pace: Paces; onPace: (pace: Paces) => void }) => {
  const field = (name: keyof Paces, label: string, min: number, max: number, description: string) => (
    <NumberInput
      label={label}
      description={description}
      min={min}
      max={max}
      w={210}
      allowDecimal={false}
      value={pace[name]}
      onChange={(value) => onPace({ ...pace, [name]: typeof value === 'number' ? value : min })}
    />
  );
  return (
    <Group align="flex-end">
      {field('concurrency', 'At the same time', 1, runLimits.concurrency, 'Machines')}
      {field('failures', 'Stop after failures', 0, runLimits.targets, '0: never')}
      {field('timeout', 'Time limit', 1, runLimits.timeoutSeconds, 'Seconds, for each machine')}
    </Group>
  );
};
