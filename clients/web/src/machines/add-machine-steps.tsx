import { Alert, Button, Code, Group, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { isLoopback } from '@webxterm/contracts/loopback';
import { type ReactNode, useState } from 'react';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { useShowApiKey } from '../profile/own-account-queries.ts';
import { useProfile } from '../profile/profile-query.ts';
import classes from './add-machine-steps.module.css';
import { type AgentForm, cloneCommands, type Installation, installLine, maskedKey } from './install-command.ts';
import { useInstallation } from './installation.ts';

/** The commands that add a machine. The API key is hidden until requested. The copy button always copies the real one. */
export const AddMachineSteps = () => {
  const profile = useProfile();
  const show = useShowApiKey();
  const [shown, setShown] = useState(false);
  if (profile.isError)
    return (
      <Failure title="Your API key could not be loaded" error={profile.error} onRetry={() => void profile.refetch()} />
    );
  const hidden = profile.data?.user.api_key === '';
  const apiKey = hidden ? show.data : profile.data?.user.api_key;
  if (hidden && apiKey === undefined)
    return (
      <Stack align="flex-start">
        <Text size="sm">The install command contains your API key, which your second factor protects.</Text>
        {show.isError && <Failure title="The key was not shown" error={show.error} />}
        <Button loading={show.isPending} onClick={() => show.mutate(undefined)}>
          Get the install command
        </Button>
      </Stack>
    );
  return (
    <InstallSteps
      token={apiKey}
      visible={shown || apiKey === undefined ? apiKey : maskedKey(apiKey)}
      note="Anyone who has the key can add machines to your account, so treat it like a password."
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

const forms: readonly { value: AgentForm; label: string }[] = [
  { value: 'curl', label: 'curl' },
  { value: 'wget', label: 'wget' },
  { value: 'clone', label: 'From a clone' },
];

/** The install commands with a token. The screen shows `visible` in its place. */
export const InstallSteps = (props: {
  token: string | undefined;
  visible: string | undefined;
  note: ReactNode;
  aside?: ReactNode;
}) => {
  const [form, setForm] = useState<AgentForm>('curl');
  return (
    <Stack gap="md" w="100%">
      <Group justify="space-between" gap="sm">
        <SegmentedControl
          aria-label="How the agent is installed"
          value={form}
          onChange={(value) => setForm(forms.find((each) => each.value === value)?.value ?? 'curl')}
          data={[...forms]}
        />
        {props.aside}
      </Group>
      {form === 'clone' ? <CloneSteps {...props} /> : <InstallStep {...props} form={form} />}
      <Text size="sm" c="dimmed">
        The agent dials out to <Code>{window.location.origin}</Code>: nothing has to be opened on the machine.{' '}
        {props.note}
      </Text>
    </Stack>
  );
};

type Tokens = { token: string | undefined; visible: string | undefined };

const InstallStep = ({ form, token, visible }: Tokens & { form: 'curl' | 'wget' }) => {
  const state = useInstallation();
  if (state.kind === 'none')
    return (
      <Alert color="yellow" title="Machines cannot install the agent from this address">
        {window.isSecureContext
          ? 'The server has no package of the agent. Its operator builds it with "npm run package:agent".'
          : 'This page was loaded over http, so an attacker in the network could change what is installed. Open it over https.'}
      </Alert>
    );
  const line = (given: string | undefined): string | undefined =>
    state.kind !== 'ready' || given === undefined ? undefined : installLine(form, given, state.installation);
  return (
    <>
      <Command
        step={1}
        title="Run this on the machine (Linux, x86-64 or ARM64)"
        command={line(visible)}
        real={line(token)}
        label="Copy the command"
      />
      {state.kind === 'ready' && <TrustNote installation={state.installation} />}
      {state.kind === 'building' && (
        <Text size="sm" role="status">
          The server is building the package of the agent. The command appears here within a minute or two.
        </Text>
      )}
      <Text size="sm" c="dimmed">
        As root, or to install the agent for one user without root rights, leave <Code>sudo</Code> out.
      </Text>
    </>
  );
};

/** Where the command works, and what it relies on. */
const TrustNote = ({ installation: { host, caFingerprint } }: { installation: Installation }) => {
  const local = isLoopback(new URL(host).hostname);
  return (
    <>
      {local && (
        <Alert color="yellow" title="Only this machine can use the command">
          <Code>{host}</Code> is the loopback address of the machine that runs WebXTerm. For other machines, open this
          page at an address that they can reach.
        </Alert>
      )}
      {caFingerprint !== undefined && (
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          This server has a private CA. The command contains the fingerprint of the CA, <Code>{caFingerprint}</Code>,
          and trusts no other.
        </Text>
      )}
      {caFingerprint === undefined && !local && (
        <Text size="sm" c="dimmed">
          The machine verifies this server with the public CAs.
        </Text>
      )}
    </>
  );
};

const CloneSteps = ({ token, visible }: Tokens) => {
  const host = window.location.origin;
  const commands = (given: string | undefined) =>
    given === undefined ? undefined : cloneCommands({ token: given, host });
  const [real, shown] = [commands(token), commands(visible)];
  return (
    <>
      <Command
        step={1}
        title="Configure the agent with this server"
        command={shown?.configure}
        real={real?.configure}
        label="Copy the configure command"
      />
      <Command step={2} title="Start it" command={shown?.start} real={real?.start} label="Copy the start command" />
    </>
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
