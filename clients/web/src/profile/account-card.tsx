import { Button, Group, Modal, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { Profile } from '@webxterm/contracts/rest';
import { useState } from 'react';
import type { z } from 'zod';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { localTime } from '../layout/format.ts';
import { PasswordField } from '../layout/password-field.tsx';
import { accountErrors } from '../sign-in/account-errors.ts';
import { useSignIn } from '../sign-in/sign-in-context.ts';
import { useHasPassword } from './identity-queries.ts';
import { useUpdateProfile } from './own-account-queries.ts';
import { Picture } from './picture.tsx';
import classes from './profile-page.module.css';

type Me = z.output<typeof Profile>['user'];

/** The user's name, e-mail address and picture, with an edit button. */
export const AccountCard = ({ user }: { user: Me }) => {
  const [editing, setEditing] = useState(false);
  return (
    <Paper className={classes.card} component="section" aria-label="Account">
      <Group justify="space-between" align="flex-start" mb="md">
        <h2 className={classes.heading}>Account</h2>
        <Button size="xs" variant="default" onClick={() => setEditing(true)}>
          Change name or e-mail
        </Button>
      </Group>
      <Picture name={user.username} url={user.avatar_url} />
      <dl className={classes.facts}>
        <Fact name="Username" value={user.username} />
        <Fact name="E-mail" value={user.email} />
        <Fact name="Role" value={user.role === 'admin' ? 'Administrator' : 'User'} />
        <Fact name="Created" value={localTime(user.created_at)} />
      </dl>
      {editing && <NamesDialog user={user} onClose={() => setEditing(false)} />}
    </Paper>
  );
};

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

const fields = ['username', 'email', 'current_password'];

const NamesDialog = ({ user, onClose }: { user: Me; onClose: () => void }) => {
  const update = useUpdateProfile();
  const signIn = useSignIn();
  const hasPassword = useHasPassword();
  const [newEmail, setNewEmail] = useState(false);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { username: user.username, email: user.email, current_password: '' },
    onValuesChange: ({ email }) => setNewEmail(email.trim() !== user.email),
  });
  const submit = ({ username, email, current_password }: typeof form.values): void =>
    update.mutate(
      { username, email: email.trim(), ...(newEmail ? { current_password } : {}) },
      {
        onSuccess: ({ user: after }) => {
          signIn.amend({ username: after.username, email: after.email });
          onClose();
        },
        onError: (error) => form.setErrors(accountErrors(error, fields).byField),
      },
    );
  const general = update.isError && accountErrors(update.error, fields).general !== undefined;
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Change name or e-mail</Text>}>
      <form onSubmit={form.onSubmit(submit)} noValidate>
        <Stack>
          <TextInput
            label="Username"
            autoComplete="nickname"
            data-autofocus
            key={form.key('username')}
            {...form.getInputProps('username')}
          />
          <TextInput
            label="E-mail"
            description="You sign in with it."
            type="email"
            autoComplete="email"
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          {newEmail && hasPassword && (
            <PasswordField
              label="Current password"
              description="Needed to change the e-mail address."
              autoComplete="current-password"
              key={form.key('current_password')}
              {...form.getInputProps('current_password')}
            />
          )}
          {general && <Failure title="Nothing was changed" error={update.error} />}
          <FormButtons submit="Save" pending={update.isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  );
};
