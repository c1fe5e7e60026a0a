import { Button, Group, NumberInput, Paper, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import type { EnrolmentToken } from '@webxterm/contracts/rest';
import { type FormEvent, useState } from 'react';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { InstallSteps } from './add-machine-steps.tsx';
import classes from './cards.module.css';
import { useCreateEnrolmentToken, useEnrolmentTokens, useRevokeEnrolmentToken } from './enrolment-queries.ts';
import { TagsField } from './tags-field.tsx';

const lifetimes = [
  { value: '1', label: '1 hour' },
  { value: '24', label: '1 day' },
  { value: '168', label: '1 week' },
  { value: '2160', label: '90 days' },
  { value: '8760', label: '1 year' },
];

/** Adds many machines with one token: a form, then the command, and the tokens of the user. */
export const ManyMachines = () => {
  const [made, setMade] = useState<{ token: string; machines: number }>();
  return (
    <>
      <Paper className={classes.card} component="section" aria-label="Commands">
        {made === undefined ? (
          <TokenForm onCreated={(token, machines) => setMade({ token, machines })} />
        ) : (
          <Stack>
            <InstallSteps
              token={made.token}
              visible={made.token}
              note={`The token is shown once. It enrols ${made.machines === 1 ? 'one machine' : `up to ${made.machines} machines`}.`}
            />
            <Text size="sm" c="dimmed">
              For a golden image, add <code>--image</code> to the command: each machine that boots from the image enrols
              by itself. Without it, a copy of a machine has the identity of the original, which is then shown as
              copied.
            </Text>
          </Stack>
        )}
      </Paper>
      <Tokens />
    </>
  );
};

const TokenForm = ({ onCreated }: { onCreated: (token: string, machines: number) => void }) => {
  const create = useCreateEnrolmentToken();
  const [name, setName] = useState('');
  const [machines, setMachines] = useState<number | string>(10);
  const [hours, setHours] = useState('24');
  const [pattern, setPattern] = useState('{hostname}');
  const [tags, setTags] = useState<string[]>([]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const body = { name, machines: Number(machines), expires_in_hours: Number(hours), name_pattern: pattern, tags };
    create.mutate(body, { onSuccess: ({ token }) => onCreated(token, Number(machines)) });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="What the token is for"
          placeholder="Web servers in Berlin"
          required
          withAsterisk={false}
          autoFocus
          autoComplete="off"
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group grow align="flex-start">
          <NumberInput
            label="Machines"
            min={1}
            max={1000}
            allowDecimal={false}
            value={machines}
            onChange={setMachines}
          />
          <Select
            label="Valid for"
            data={lifetimes}
            allowDeselect={false}
            value={hours}
            onChange={(value) => setHours(value ?? '24')}
          />
        </Group>
        <TextInput
          label="Name of each machine"
          description="{hostname} is the host name of the machine, {n} its number: 1, 2, 3 …"
          maxLength={64}
          value={pattern}
          onChange={(event) => setPattern(event.currentTarget.value)}
        />
        <TagsField description="Each machine gets them. Enter ends a tag." value={tags} onChange={setTags} />
        {create.isError && <Failure title="The token could not be created" error={create.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>
            Get the install command
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

const Tokens = () => {
  const tokens = useEnrolmentTokens();
  if (tokens.data?.length === 0) return null;
  return (
    <Paper className={classes.card} component="section" aria-label="Enrolment tokens">
      <h2 className={classes.heading}>Enrolment tokens</h2>
      <Stack>
        {tokens.isError && (
          <Failure title="The tokens could not be loaded" error={tokens.error} onRetry={() => void tokens.refetch()} />
        )}
        {tokens.isPending && <Skeleton height={44} radius="md" role="status" aria-label="Loading enrolment tokens" />}
        {tokens.data?.map((token) => (
          <TokenRow key={token.token_id} token={token} />
        ))}
      </Stack>
    </Paper>
  );
};

const stateOf = (token: EnrolmentToken): string => {
  if (token.revoked_at !== null) return `Revoked on ${localTime(token.revoked_at)}`;
  if (Date.parse(token.expires_at) <= Date.now()) return `Expired on ${localTime(token.expires_at)}`;
  return `Valid until ${localTime(token.expires_at)}`;
};

const TokenRow = ({ token }: { token: EnrolmentToken }) => {
  const revoke = useRevokeEnrolmentToken();
  const [asking, setAsking] = useState(false);
  const usable = token.revoked_at === null && Date.parse(token.expires_at) > Date.now();
  return (
    <Group justify="space-between" wrap="nowrap">
      <div style={{ minWidth: 0 }}>
        <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
          {token.name}
        </Text>
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {token.enrolled} of {token.machines} machines enrolled. {stateOf(token)}.
        </Text>
      </div>
      {usable && (
        <Button size="xs" variant="default" aria-label={`Revoke ${token.name}`} onClick={() => setAsking(true)}>
          Revoke
        </Button>
      )}
      <ConfirmDialog
        opened={asking}
        title={`Revoke ${token.name}?`}
        keep="Keep the token"
        confirm="Revoke the token"
        pending={revoke.isPending}
        failed="The token could not be revoked"
        error={revoke.error}
        onClose={() => setAsking(false)}
        onConfirm={() => revoke.mutate(token.token_id, { onSuccess: () => setAsking(false) })}
      >
        <Text>No further machine can enrol with it. The {token.enrolled} enrolled machines stay.</Text>
      </ConfirmDialog>
    </Group>
  );
};
