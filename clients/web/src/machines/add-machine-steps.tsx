import { Button, Code, Group, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { useProfile } from '../profile/profile-query.ts';
import classes from './add-machine-steps.module.css';
import { type AgentForm, installCommands, maskedKey } from './install-command.ts';

/** What to run on a machine so that it shows up here. The API key is hidden until asked for; copying takes the real one. */
export const AddMachineSteps = () => {
  const profile = useProfile();
  const [shown, setShown] = useState(false);
  if (profile.isError)
    return (
      <Failure title="Your API key could not be fetched" error={profile.error} onRetry={() => void profile.refetch()} />
    );
  const apiKey = profile.data?.user.api_key;
  return (
    <InstallSteps
      token={apiKey}
      visible={shown || apiKey === undefined ? apiKey : maskedKey(apiKey)}
      note="Whoever has the key can add machines to your account, so treat it like a password."
      aside={
        <Button
          variant="subtle"
          size="xs"
          aria-pressed={shown}
          leftSection={shown ? <IconEyeOff size={15} aria-hidden /> : <IconEye size={15} aria-hidden />}
          onClick={() => setShown(!shown)}
        >
          {shown ? 'Hide API key' : 'Show API key'}
        </Button>
      }
    />
  );
};

/** The two commands with a token in them; `visible` stands for it on the screen. */
export const InstallSteps = (props: {
  token: string | undefined;
  visible: string | undefined;
  note: ReactNode;
  aside?: ReactNode;
}) => {
  const [form, setForm] = useState<AgentForm>('checkout');
  const host = window.location.origin;
  const commands = (token: string | undefined) =>
    token === undefined ? undefined : installCommands(form, { token, host });
  const [real, visible] = [commands(props.token), commands(props.visible)];
  return (
    <Stack gap="md" w="100%">
      <Group justify="space-between" gap="sm">
        <SegmentedControl
          aria-label="How the agent is run"
          value={form}
          onChange={(value) => setForm(value === 'installed' ? 'installed' : 'checkout')}
          data={[
            { value: 'checkout', label: 'From a checkout' },
            { value: 'installed', label: 'Installed agent' },
          ]}
        />
        {props.aside}
      </Group>
      <Command
        step={1}
        title="Tell the agent where this server is"
        command={visible?.configure}
        real={real?.configure}
        label="Copy the configure command"
      />
      <Command step={2} title="Start it" command={visible?.start} real={real?.start} label="Copy the start command" />
      <Text size="sm" c="dimmed">
        The agent dials out to <Code>{host}</Code>: nothing has to be opened on the machine. {props.note}
      </Text>
    </Stack>
  );
};

const Command = (props: {
  step: number;
  title: string;
  command: string | undefined;
  real: string | undefined;
  label: string;
}) => (
  <div className={classes.step}>
    <span className={classes.number} aria-hidden="true">
      {props.step}
    </span>
    <div className={classes.body}>
      <Group justify="space-between" mb={6} wrap="nowrap">
        <Text fw={600} size="sm">
          {props.title}
        </Text>
        {props.real !== undefined && <CopyButton label={props.label} text={() => props.real ?? ''} />}
      </Group>
      {props.command === undefined ? (
        <Skeleton height={44} radius="md" />
      ) : (
        <pre className={classes.command}>
          <code>{props.command}</code>
        </pre>
      )}
    </div>
  </div>
);
