import { Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { createUser, Role } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { accountErrors } from '../sign-in/account-errors.ts';
import { MadeLink } from './made-link.tsx';
import { useCreateUser } from './user-queries.ts';

const Names = createUser.body.pick({ username: true, email: true });

/** Creates an account, then shows the setup link with which the user chooses a password. */
export const CreateUserDialog = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => {
  const [made, setMade] = useState<{ url: string; username: string }>();
  const close = (): void => {
    onClose();
    setMade(undefined);
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="lg"
      // A click outside of the dialog must not lose a link that is shown only once.
      closeOnClickOutside={made === undefined}
      title={<Text fw={650}>{made === undefined ? 'Add a user' : `${made.username} has an account`}</Text>}
    >
      {made === undefined ? (
        <CreateForm onMade={setMade} onCancel={close} />
      ) : (
        <MadeLink url={made.url} forWhom={made.username} onDone={close} />
      )}
    </Modal>
  );
};

const CreateForm = (props: { onMade: (made: { url: string; username: string }) => void; onCancel: () => void }) => {
  const create = useCreateUser();
  const [role, setRole] = useState<Role>('user');
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { username: '', email: '' },
    validate: schemaResolver(Names, { sync: true }),
  });
  const submit = (names: { username: string; email: string }): void =>
    create.mutate(
      { ...names, role },
      {
        onSuccess: ({ setup_url, user }) => props.onMade({ url: setup_url, username: user.username }),
        onError: (error) => form.setErrors(accountErrors(error, ['username', 'email']).byField),
      },
    );
  const general = create.isError && accountErrors(create.error, ['username', 'email']).general !== undefined;
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack>
        <Text size="sm" c="dimmed">
          You get a link to send them. With it they choose a password of their own.
        </Text>
        <TextInput
          label="Username"
          data-autofocus
          autoComplete="off"
          required
          withAsterisk={false}
          key={form.key('username')}
          {...form.getInputProps('username')}
        />
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="off"
          required
          withAsterisk={false}
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <Select
          label="Role"
          description={
            role === 'admin' ? 'Sees and manages everything.' : 'Sees their own machines and those shared with them.'
          }
          size="md"
          allowDeselect={false}
          value={role}
          onChange={(value) => setRole(Role.catch('user').parse(value))}
          data={[
            { value: 'user', label: 'User' },
            { value: 'admin', label: 'Administrator' },
          ]}
        />
        {general && <Failure title="The account was not created" error={create.error} />}
        <FormButtons submit="Create account" pending={create.isPending} onCancel={props.onCancel} />
      </Stack>
    </form>
  );
};
