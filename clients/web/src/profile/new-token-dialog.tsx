import { Checkbox, Modal, MultiSelect, NumberInput, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { defaultTokenDays } from '@webxterm/contracts/rest';
import type { TokenScope } from '@webxterm/contracts/token-scopes';
import { type FormEvent, useState } from 'react';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { useMachineList } from '../machines/machine-queries.ts';
import { accountErrors } from '../sign-in/account-errors.ts';
import { useCreateAccessToken } from './access-token-queries.ts';
import classes from './profile-page.module.css';
import { StoredOnce } from './stored-once.tsx';
import { scopeChoices, scopeText } from './token-scopes.ts';

interface NewTokenProps {
  readonly isAdmin: boolean;
  /** The longest validity that the server allows, in days. */
  readonly maxDays: number;
  readonly onClose: () => void;
}

/** Creates an access token, and shows it once. */
export const NewTokenDialog = ({ isAdmin, maxDays, onClose }: NewTokenProps) => {
  const create = useCreateAccessToken();
  const token = create.data?.token;
  const made = token !== undefined;
  return (
    <Modal
      opened
      size="lg"
      onClose={onClose}
      closeOnClickOutside={!made}
      closeOnEscape={!made}
      withCloseButton={!made}
      title={<Text fw={650}>{made ? 'Your new access token' : 'New access token'}</Text>}
    >
      {made ? (
        <MadeToken token={token} onDone={onClose} />
      ) : (
        <TokenForm create={create} isAdmin={isAdmin} maxDays={maxDays} onClose={onClose} />
      )}
    </Modal>
  );
};

const MadeToken = ({ token, onDone }: { token: string; onDone: () => void }) => {
  return (
    <Stack>
      <Text size="sm">
        Store it where your program finds it and nobody else does. It is not shown again. The program sends it as{' '}
        <code>Authorization: Bearer …</code>
      </Text>
      <div className={classes.keyRow}>
        <code className={classes.key} data-testid="access-token">
          {token}
        </code>
        <CopyButton label="Copy the token" text={() => token} />
      </div>
      <StoredOnce label="I have stored it" onDone={onDone} />
    </Stack>
  );
};

const fields = ['name', 'scopes', 'expires_in_days', 'machines', 'tags', 'addresses'];

const TokenForm = ({
  create,
  isAdmin,
  maxDays,
  onClose,
}: NewTokenProps & { create: ReturnType<typeof useCreateAccessToken> }) => {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>(['see']);
  const [days, setDays] = useState<number | string>(Math.min(defaultTokenDays, maxDays));
  const [machines, setMachines] = useState<string[]>([]);
  const [tags, setTags] = useState<string[]>([]);
  const [addresses, setAddresses] = useState<string[]>([]);
  const list = useMachineList({ limit: 500 });
  const choices = scopeChoices(isAdmin);
  const chosen: TokenScope[] = choices.filter((scope) => scopes.includes(scope));
  const errors = create.isError ? accountErrors(create.error, fields) : undefined;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate({ name, scopes: chosen, expires_in_days: Number(days), machines, tags, addresses });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="What it is for"
          placeholder="Nightly backup"
          required
          withAsterisk={false}
          data-autofocus
          autoComplete="off"
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errors?.byField.name}
        />
        <Checkbox.Group label="Scopes" value={scopes} onChange={setScopes} error={errors?.byField.scopes}>
          <Stack gap={6} mt={6}>
            {choices.map((scope) => (
              <Checkbox key={scope} value={scope} label={scopeText[scope]} description={scope} />
            ))}
          </Stack>
        </Checkbox.Group>
        <NumberInput
          label="Valid for, in days"
          min={1}
          max={maxDays}
          allowDecimal={false}
          value={days}
          onChange={setDays}
          error={errors?.byField.expires_in_days}
        />
        <MultiSelect
          label="Only these machines"
          description="With the tags below, both are reached. Without either, all of yours."
          searchable
          data={(list.data?.machines ?? []).map(({ agent_id, name: label }) => ({ value: agent_id, label }))}
          value={machines}
          onChange={setMachines}
          error={errors?.byField.machines}
        />
        <TagsInput
          label="Only machines with one of these tags"
          description="Enter ends a tag."
          maxTags={32}
          value={tags}
          onChange={setTags}
          error={errors?.byField.tags}
        />
        <TagsInput
          label="Only from these addresses"
          description="Addresses or CIDR blocks, such as 192.0.2.0/24. Enter ends one."
          maxTags={20}
          value={addresses}
          onChange={setAddresses}
          error={errors?.byField.addresses}
        />
        {errors?.general !== undefined && <Failure title="The token was not created" error={create.error} />}
        <FormButtons submit="Create the token" pending={create.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
};
