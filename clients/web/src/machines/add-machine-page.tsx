import { Anchor, Button, Group, Loader, Paper, Stack, Text, TextInput, ThemeIcon } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { Machine } from '@webxterm/contracts/rest';
import { type ReactNode, useEffect, useState } from 'react';
import type { AddedMachine } from '../api/machine-calls.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { Failure } from '../layout/failure.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { AddMachineSteps, InstallSteps } from './add-machine-steps.tsx';
import { type Adding, keepAdding, readAdding } from './adding.ts';
import classes from './cards.module.css';
import { ManyMachines } from './enrolment-tokens.tsx';
import { InstallProblem, InstallProgressSteps } from './install-progress.tsx';
import { useAwaitedMachine, useMachineList } from './machine-queries.ts';
import { OpenTerminal } from './machine-table.tsx';
import { useAddMachine } from './manage-queries.ts';
import { TagsField } from './tags-field.tsx';

/** `one`: a machine with its own token. `many`: machines with one enrolment token. `key`: machines with the API key. */
type Way = 'one' | 'many' | 'key';

/** Adds machines. */
export const AddMachinePage = () => {
  usePageTitle('Add a machine');
  const [added, setAdded] = useState(() => readAdding());
  const [way, setWay] = useState<Way>('one');
  const byKey = way === 'key';
  const show = (adding: Adding | undefined): void => {
    keepAdding(adding);
    setAdded(adding);
  };
  // A reload shows the added machine again. Coming back to the page after it is online starts anew.
  useEffect(
    () => () => {
      if (readAdding()?.token === undefined) keepAdding(undefined);
    },
    [],
  );
  return (
    <Stack maw={760} mx="auto" gap="lg">
      <PageHeader
        title="Add a machine"
        text="It needs a shell and a way out to this server; nothing has to be opened."
      />
      {way === 'many' ? (
        <ManyMachines />
      ) : (
        <>
          {(byKey || added === undefined || added.token !== undefined) && (
            <Paper className={classes.card} component="section" aria-label="Commands">
              {byKey ? (
                <AddMachineSteps />
              ) : added === undefined ? (
                <NameForm
                  onAdded={({ machine, registration_token }) =>
                    show({ agentId: machine.agent_id, name: machine.name, token: registration_token })
                  }
                />
              ) : (
                <InstallSteps
                  token={added.token}
                  visible={added.token}
                  note={`The token is shown once. It registers one machine as ${added.name}, within 24 hours.`}
                />
              )}
            </Paper>
          )}
          {(byKey || added !== undefined) && (
            <Paper className={classes.card} component="section" aria-label="Waiting for the machine">
              {added === undefined ? <Arrival /> : <Awaited agentId={added.agentId} name={added.name} />}
            </Paper>
          )}
        </>
      )}
      <OtherWays
        way={way}
        again={added !== undefined}
        onChoose={(chosen) => {
          show(undefined);
          setWay(chosen);
        }}
      />
    </Stack>
  );
};

const OtherWays = (props: { way: Way; again: boolean; onChoose: (way: Way) => void }) => {
  const ways: readonly (readonly [Way, string])[] = [
    ['one', props.again ? 'Add another machine' : 'Add one machine by name'],
    ['many', 'Add many machines with one token'],
    ['key', 'Use your API key'],
  ];
  return (
    <Group gap="lg" justify="center">
      {ways
        .filter(([way]) => way !== props.way || (way === 'one' && props.again))
        .map(([way, label]) => (
          <Anchor key={way} component="button" type="button" size="sm" onClick={() => props.onChoose(way)}>
            {label}
          </Anchor>
        ))}
    </Group>
  );
};

const NameForm = ({ onAdded }: { onAdded: (added: AddedMachine) => void }) => {
  const add = useAddMachine();
  const [name, setName] = useState('');
  const [tags, setTags] = useState<string[]>([]);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    add.mutate({ name, tags }, { onSuccess: onAdded });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description="The name in the list of machines. You can change it later."
          placeholder="build-1"
          required
          withAsterisk={false}
          autoFocus
          autoComplete="off"
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TagsField description="To find it by, if you like. Enter ends a tag." value={tags} onChange={setTags} />
        {add.isError && <Failure title="It could not be added" error={add.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={add.isPending} disabled={name.trim() === ''}>
            Get the install command
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

/** The added machine: the steps of its installation, until its agent connects. */
const Awaited = ({ agentId, name }: { agentId: string; name: string }) => {
  const { data: machine } = useAwaitedMachine(agentId);
  const here = machine?.status === 'online';
  // The token is used, so a reload must not show it again.
  useEffect(() => {
    if (here) keepAdding({ agentId, name });
  }, [here, agentId, name]);
  if (machine === undefined) return <Waiting title={`Waiting for ${name} to connect`} />;
  const { install } = machine;
  return (
    <Stack gap="md" role="status">
      {here || (machine.status === 'offline' && !install) ? (
        <Arrived machine={machine} />
      ) : (
        <>
          <Waiting
            title={install ? `Installing the agent on ${name}` : `Waiting for ${name} to connect`}
            failed={install?.problem != null}
          />
          {install && <InstallProgressSteps progress={install} />}
        </>
      )}
      {here && install && <InstallProblem progress={install} title="The command failed when it ran again" />}
    </Stack>
  );
};

/** Watches for machines that were not in the list when the page opened. */
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
      {arrived.length === 0 && <Waiting title="Waiting for the machine to connect" />}
    </Stack>
  );
};

const Waiting = ({ title, failed = false }: { title: ReactNode; failed?: boolean }) => (
  <Group gap="md" wrap="nowrap">
    {!failed && <Loader size="sm" type="dots" aria-hidden />}
    <div style={{ minWidth: 0 }}>
      <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
        {title}
      </Text>
      <Text size="sm" c="dimmed">
        This page follows the command on the machine. You can leave it; the machine will be in your list.
      </Text>
    </div>
  </Group>
);

const Arrived = ({ machine }: { machine: Machine }) => (
  <Group justify="space-between" gap="sm">
    <Group gap="md" wrap="nowrap" style={{ minWidth: 0 }}>
      <ThemeIcon radius="xl" size={34} color="green" variant="light">
        <IconCheck size={19} stroke={2.4} aria-hidden />
      </ThemeIcon>
      <div style={{ minWidth: 0 }}>
        <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
          {machine.name} is connected
        </Text>
        <Text size="sm" c="dimmed">
          {machine.status === 'online' ? 'Online and ready.' : 'Registered. Start the agent to bring it online.'}
        </Text>
      </div>
    </Group>
    {machine.status === 'online' && <OpenTerminal machine={machine} size="sm" />}
  </Group>
);
